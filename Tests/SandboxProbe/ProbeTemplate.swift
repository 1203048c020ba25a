// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel
internal import TemplateProcess

/// A template whose children read attempts from their channel in place of serving a model. It is confined as the real
/// one is, by the same code.
///
/// Its model's bytes may order an attempt of the template's own: `template: NAME`. The answer is then the reason why it
/// fails; `template: flood` forks without order instead.
struct ProbeTemplate {
    private static let channel: CInt = 3
    private static let ownAttempt = "template: "

    let profile: ProbeProfile

    func run(_ arguments: some Collection<String>) -> Int32 {
        guard var options = TemplateOptions(arguments: arguments) else { return 64 }
        options.children = profile.children
        do {
            let title = ProcessTitle()
            let threads = try ThreadCount()
            let (foreign, window) = try Self.sharedFile()
            let keeper = PacketSocket(owning: OwnedDescriptor(owning: Self.channel))
            let sandbox = try TemplateConfinement.enter(options, channel: keeper)
            var weights = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            var server = ForkServer(keeper: keeper, sandbox: sandbox, threads: threads, title: title)
            let end = try server.serve { artefact in
                weights = try MappedMemory(
                    artefact.rawValue, byteCount: artefact.fileSize(), access: .readOnly
                ).leak()
                try Self.obey(weights, foreign, window)
                return TemplateStart(mappingMicroseconds: 0, rehearsalMicroseconds: 0)
            } child: { child in
                let place = ProbePlace(
                    weights: weights, foreignBlocks: foreign, window: window, ownBlocks: child.keyValueMemory,
                    channel: Self.channel)
                return Self.answerAttempts(child.id, child.takeChannel(), place)
            }
            return end == .modelRefused ? 65 : 0
        } catch {
            StandardError.write("probe: \(error)")
            return 1
        }
    }

    /// A sealed file of keys and values that several instances share: as instances map what they may only read, and a
    /// part of it as its owner maps it.
    private static func sharedFile() throws -> (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) {
        let file = try MemoryFile.sealed(name: "shared-kv", byteCount: 131_072)
        let reader = try OwnedDescriptor.open("/proc/self/fd/\(file.rawValue)", O_RDONLY)
        let foreign = try MappedMemory(reader.rawValue, byteCount: 131_072, access: .readOnly).leak()
        return (foreign, try MappedMemory(file.rawValue, byteCount: 65_536, access: .readWrite).leak())
    }

    /// Does what the model's bytes order, and refuses the model with the answer.
    private static func obey(
        _ weights: UnsafeMutableRawBufferPointer, _ foreign: UnsafeMutableRawBufferPointer,
        _ window: UnsafeMutableRawBufferPointer
    ) throws(ProbeAnswer) {
        let text = String(decoding: weights.prefix { $0 != 0 }, as: UTF8.self)
        guard text.hasPrefix(ownAttempt) else { return }
        let place = ProbePlace(
            weights: weights, foreignBlocks: foreign, window: window, ownBlocks: weights, channel: channel)
        let name = String(text.dropFirst(ownAttempt.count))
        throw ProbeAnswer(description: Attempt.outcome(of: name, at: place) ?? "unknown attempt")
    }

    /// Serves one attempt for each packet until the channel closes. A node daemon in the test's place sends a ping first:
    /// for that one the instance is hostile.
    private static func answerAttempts(
        _ id: InstanceID, _ channel: consuming PacketSocket, _ place: ProbePlace
    ) -> Int32 {
        var buffer = [UInt8](repeating: 0, count: 200)
        while let result = try? buffer.withUnsafeMutableBytes({ try channel.receiveBytes(into: $0) }),
            case .packet(let count) = result
        {
            if case .ping(let number)? = buffer.prefix(count).withUnsafeBytes({ try? ToInstance(decoding: $0) }) {
                return HostileInstance(id, channel: channel).run(answering: number)
            }
            let name = String(decoding: buffer.prefix(count), as: UTF8.self)
            let answer = Attempt.outcome(of: name, at: place) ?? "unknown attempt"
            _ = try? Array(answer.utf8).withUnsafeBytes { try channel.send($0) }
        }
        return 0
    }
}

/// What came of an attempt, in the place of a reason why a model cannot be served.
private struct ProbeAnswer: Error, CustomStringConvertible {
    let description: String
}

/// The probe as a packer: one attempt, its answer on standard output.
enum ProbePacker {
    static func run(_ name: String) -> Int32 {
        do {
            _ = try PackSandbox.enter(descriptorCount: 3, fileSize: 1 << 30)
        } catch {
            StandardError.write("probe: \(error)")
            return 1
        }
        let memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let place = ProbePlace(
            weights: memory, foreignBlocks: memory, window: memory, ownBlocks: memory, channel: -1)
        guard let answer = Attempt.outcome(of: name, at: place) else { return 64 }
        _ = Array(answer.utf8).withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        return 0
    }
}
