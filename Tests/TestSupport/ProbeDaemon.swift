// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxKernel
package import Messages
package import ServingModel

/// A test in a node daemon's place, at a real keeper whose engine is the sandbox's probe: it has instances forked, tells
/// them what to attempt, and hears how they end.
package final class ProbeDaemon {
    private let socket: PacketSocket
    private var template: TemplateID?
    /// What the keeper last said of the sandbox.
    package private(set) var sandbox: SandboxState?
    package private(set) var deniedCalls: UInt32 = 0

    /// Attaches to the keeper at `path`.
    package init(keeper path: String) throws {
        socket = PacketSocket(owning: try UnixSocket.connect(to: path, kind: .packet))
        // A keeper that says nothing fails the test instead of holding it up.
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            socket.descriptor.rawValue, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        try order(.hello)
        while try receive() != .stateComplete {}
    }

    /// Waits until the keeper has told what is in force.
    package func waitForSandbox() throws -> SandboxState {
        while true {
            if let sandbox { return sandbox }
            _ = try receive()
        }
    }

    /// Has an instance forked.
    package func fork() throws -> ProbeInstance {
        let settings = InstanceSettings(keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1)
        let template = try readyTemplate()
        let id = InstanceID.random()
        try order(.fork([id], template: template, settings))
        while true {
            var descriptors = ReceivedDescriptors()
            let event = try receive(&descriptors)
            if case .instanceEnded(id, let end) = event { throw ProbeFailure(description: "\(end)") }
            guard case .instanceRunning(id, let running) = event, let channel = descriptors.takeFirst() else {
                continue
            }
            return ProbeInstance(id: id, processID: running.processID, channel: PacketSocket(owning: channel))
        }
    }

    /// The outcome of an attempt in an instance: its answer `RESULT ERRNO`, or the sentence with which it ended.
    package func attempt(_ name: String, in instance: ProbeInstance) throws -> String {
        if let answer = try instance.channel.attempt(name) { return answer }
        instance.hasEnded = true
        while true {
            guard case .instanceEnded(instance.id, let end) = try receive() else { continue }
            try order(.releaseInstance(instance.id))
            return "\(end)"
        }
    }

    /// The same in a template of its own: its answer, or the sentence with which it ended.
    package func attemptInTemplate(_ name: String) throws -> String {
        let id = TemplateID.random()
        try start(id, artefact: "template: \(name)")
        while true {
            guard case .templateEnded(id, let end) = try receive() else { continue }
            try order(.releaseTemplate(id))
            if case .exited(_, let answer?) = end { return answer }
            return "\(end)"
        }
    }

    /// Ends an instance that is not needed any more.
    package func end(_ instance: ProbeInstance) throws {
        try order(.killInstance(instance.id))
    }

    private func readyTemplate() throws -> TemplateID {
        if let template { return template }
        let id = TemplateID.random()
        try start(id, artefact: "weights")
        while true {
            switch try receive() {
            case .templateReady(id, _):
                template = id
                return id
            case .templateEnded(id, let end): throw ProbeFailure(description: "\(end)")
            default: continue
            }
        }
    }

    /// The artefact is what the template makes of it: weights, or what to attempt.
    private func start(_ id: TemplateID, artefact text: String) throws {
        let artefact = try MemoryFile.sealed(name: "artefact", byteCount: 4096)
        let bytes = Array(text.utf8)
        try systemCall("pwrite") { pwrite(artefact.rawValue, bytes, bytes.count, 0) }
        // As from the store: opened for reading.
        let reader = try OwnedDescriptor.open("/proc/self/fd/\(artefact.rawValue)", O_RDONLY)
        try order(.startTemplate(id, model: "probe"), descriptor: reader.rawValue)
    }

    private func order(_ order: ToKeeper, descriptor: CInt? = nil) throws {
        _ = try order.encoded().withUnsafeBytes {
            try socket.send($0, descriptors: descriptor.map { [$0] } ?? [])
        }
    }

    private func receive() throws -> FromKeeper {
        var none = ReceivedDescriptors()
        return try receive(&none)
    }

    private func receive(_ descriptors: inout ReceivedDescriptors) throws -> FromKeeper {
        let event = try socket.receivePacket(descriptors: &descriptors) { try FromKeeper(decoding: $0) }
        if case .sandbox(let state, let denied) = event { (sandbox, deniedCalls) = (state, denied) }
        return event
    }
}

/// A forked child of the probe and the daemon's end of its channel.
package final class ProbeInstance {
    package let id: InstanceID
    package let processID: Int32
    package let channel: PacketSocket
    package fileprivate(set) var hasEnded = false

    fileprivate init(id: InstanceID, processID: Int32, channel: consuming PacketSocket) {
        self.id = id
        self.processID = processID
        self.channel = channel
    }
}

/// The probe could not try.
package struct ProbeFailure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}
