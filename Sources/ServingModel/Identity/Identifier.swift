// SPDX-License-Identifier: Apache-2.0

/// What an identifier points at; its prefix makes ids readable in logs (`job-6f21…`).
package protocol IdentifiedSubject: Sendable {
    /// Short lower-case word without `-`.
    static var prefix: String { get }
}

/// What one client asked for at once.
package enum RequestSubject: IdentifiedSubject { package static let prefix = "req" }
/// One piece of a request, with a reply of its own.
package enum JobSubject: IdentifiedSubject { package static let prefix = "job" }
/// One attempt to serve a job on a node.
package enum TaskSubject: IdentifiedSubject { package static let prefix = "task" }
/// A process that serves a model.
package enum InstanceSubject: IdentifiedSubject { package static let prefix = "inst" }
/// A process that instances are forked from.
package enum TemplateSubject: IdentifiedSubject { package static let prefix = "tmpl" }
/// A central scheduler, over all its lives.
package enum SchedulerSubject: IdentifiedSubject { package static let prefix = "sched" }
/// Weights over a model's own.
package enum AdapterSubject: IdentifiedSubject { package static let prefix = "adpt" }

/// A 64-bit identity, unique for the life of an installation with overwhelming probability.
///
/// Frames carry the number; JSON, logs and people see `prefix-` and 16 hexadecimal digits.
package struct Identifier<Subject: IdentifiedSubject>: CheckedText {
    package static var form: String { "an id of this kind is \(Subject.prefix)- and 16 hexadecimal digits" }

    /// The number as it travels in binary frames. Never zero for a made id.
    package let rawValue: UInt64

    /// Wraps a number that was received or stored.
    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// A fresh random id from `generator`.
    package static func random(using generator: inout some RandomNumberGenerator) -> Self {
        Self(rawValue: UInt64.random(in: 1...UInt64.max, using: &generator))
    }

    /// A fresh random id from the system's generator.
    package static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// Reads the printed form; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let head = Subject.prefix + "-"
        let digits = text.dropFirst(head.count)
        guard text.hasPrefix(head), digits.utf8.count == 16, digits.allSatisfy(\.isHexDigit),
            let value = UInt64(digits, radix: 16)
        else { return nil }
        self.rawValue = value
    }
}

extension Identifier {
    package var description: String {
        let digits = String(rawValue, radix: 16)
        return Subject.prefix + "-" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Names a request.
package typealias RequestID = Identifier<RequestSubject>
/// Names a job.
package typealias JobID = Identifier<JobSubject>
/// Names a task.
package typealias TaskID = Identifier<TaskSubject>
/// Names an instance.
package typealias InstanceID = Identifier<InstanceSubject>
/// Names a template.
package typealias TemplateID = Identifier<TemplateSubject>
/// Names a scheduler.
package typealias SchedulerID = Identifier<SchedulerSubject>
/// Names an adapter.
package typealias AdapterID = Identifier<AdapterSubject>
