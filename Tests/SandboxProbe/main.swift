// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import TemplateProcess

/// Attempts one thing from inside a sandbox, for the tests: `sandbox-probe instance` is a template whose children, in
/// place of serving a model, read attempts from their channel and answer with result and errno;
/// `sandbox-probe pack ATTEMPT` confines itself as a packer and prints the same.
func runTemplate() -> Int32 {
    do {
        let threads = try ThreadCount()
        let sandbox = try InstanceSandbox.enterTemplate()
        let keeper = PacketSocket(owning: OwnedDescriptor(owning: 3))
        _ = try ForkServer(keeper: keeper, sandbox: sandbox, threads: threads).serve { _ in
            TemplateStart(mappingMicroseconds: 0, rehearsalMicroseconds: 0)
        } child: {
            answerAttempts($0.takeChannel())
        }
        return 0
    } catch {
        StandardError.write("probe: \(error)")
        return 1
    }
}

/// Serves one attempt for each packet until the channel closes.
func answerAttempts(_ channel: consuming PacketSocket) -> Int32 {
    var buffer = [UInt8](repeating: 0, count: 100)
    while let result = try? buffer.withUnsafeMutableBytes({ try channel.receive(into: $0) }),
        case .packet(let count) = result
    {
        let name = String(decoding: buffer.prefix(count), as: UTF8.self)
        let answer = Attempt(rawValue: name)?.outcome() ?? "unknown attempt"
        _ = try? Array(answer.utf8).withUnsafeBytes { try channel.send($0) }
    }
    return 0
}

func runPack(_ name: String) -> Int32 {
    guard let attempt = Attempt(rawValue: name) else { return 64 }
    do {
        _ = try PackSandbox.enter(descriptorCount: 3)
    } catch {
        StandardError.write("probe: \(error)")
        return 1
    }
    _ = Array(attempt.outcome().utf8).withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    return 0
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "template": exit(runTemplate())
case "pack" where arguments.count == 2: exit(runPack(arguments[1]))
default: exit(64)
}
