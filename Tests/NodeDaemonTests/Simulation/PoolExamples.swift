// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// Numbers in a row: ids that tests can foresee.
struct CountingGenerator: RandomNumberGenerator, Sendable {
    var last: UInt64 = 0

    mutating func next() -> UInt64 {
        last &+= 0x1000_0000_0000_0001
        return last
    }
}

extension String {
    /// A content's digest.
    static func content(_ digit: Character) -> String { String(repeating: digit, count: 64) }
}

extension ServingTask {
    /// A task that asks for a short answer.
    static func example(
        _ number: UInt64, _ model: ModelName = .example("guide"), tenant: String = "uid:1000",
        serviceClass: ServiceClass = .interactive, digest: String? = nil
    ) -> ServingTask {
        ServingTask(
            id: TaskID(rawValue: number), job: JobID(rawValue: number), model: model, digest: digest,
            work: .answer(.text("Hello", parsesControlTokens: false), SamplingParameters(temperature: 0, seed: 1)),
            tenant: TenantName(tenant) ?? TenantName(userID: 0), serviceClass: serviceClass)
    }
}

extension InstancePool {
    /// A pool with these names and contents.
    static func example(_ limits: Limits, _ models: [(String, Character)]) -> InstancePool {
        var pool = InstancePool(limits: limits, generator: CountingGenerator())
        _ = pool.modelsChanged(.example(models), now: MonotonicTime(nanoseconds: 0))
        return pool
    }

    /// A task that an instance ends, as the node tells it.
    mutating func end(_ task: TaskID, isSuccess: Bool = true, now: MonotonicTime) -> [Action] {
        guard case .running(let instance)? = tasks[task]?.place else { return [] }
        _ = tasks.end(task)
        return taskEnded(at: instance, isSuccess: isSuccess, now: now)
    }
}

extension ServedNames {
    static func example(_ models: [(String, Character)]) -> ServedNames {
        ServedNames(models.map { .example(.example($0.0), digest: .content($0.1), byteCount: 1) })
    }
}
