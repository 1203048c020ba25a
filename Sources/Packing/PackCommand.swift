// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints
internal import Glibc
internal import LinuxKernel
internal import Sandbox

/// `flowserve pack`: reads a checkpoint that nobody vouches for, once, and ends. It has nothing but descriptors:
///
/// - 3: the checkpoint, a regular file, mapped read-only;
/// - 4: the artefact, an empty regular file, written by position;
/// - 5, where it is open: lines `progress DONE TOTAL` in bytes of weights, at the end `model JSON`.
///
/// On failure one sentence goes to standard error, and the status is 64 for usage, 65 for bad data, 70 for an
/// internal error, 74 for files and disks.
package enum PackCommand {
    private static let checkpoint: CInt = 3
    private static let artefact: CInt = 4
    private static let report: CInt = 5

    /// Packs and returns the exit status.
    package static func run(arguments: [String]) -> Int32 {
        guard arguments.isEmpty else {
            ReportLine.write(
                "flowserve pack takes no arguments, it is started by the node with its descriptors", to: STDERR_FILENO)
            return 64
        }
        ProcessPriority.setAll(ProcessPriority.work)
        do throws(PackError) {
            try pack()
            return 0
        } catch {
            ReportLine.write(error.description, to: STDERR_FILENO)
            return error.status
        }
    }

    /// Packs a checkpoint in memory, without a sandbox: for tests alone. What is wrong with it; nil where an artefact was
    /// written to the descriptor.
    package static func refusal(of checkpoint: UnsafeRawBufferPointer, artefact: Int32) -> String? {
        do throws(PackError) {
            _ = try ModelPacking(checkpoint) { _, _ in }.write(to: artefact)
            return nil
        } catch {
            return error.description
        }
    }

    /// What an artefact may be longer than twice its checkpoint: padded rows and tables of small models.
    private static let maxAddedBytes: UInt = 64 << 20

    private static func pack() throws(PackError) {
        // A reader of progress that went away must not end the work.
        signal(SIGPIPE, SIG_IGN)
        try? OutOfMemoryScore.set(OutOfMemoryScore.ofModels)
        let size = try sizeOfCheckpoint()
        try packing(PackError.sandbox) { () throws(SandboxError) in
            _ = try PackSandbox.enter(
                descriptorCount: UInt32(report) + 1, fileSize: 2 * UInt(size) + maxAddedBytes)
        }
        // Nothing of the checkpoint was looked at before this line.
        let mapping = try packing(PackError.system) { () throws(SystemCallError) in
            try MappedMemory(checkpoint, byteCount: size, access: .readOnly)
        }
        let work = try ModelPacking(UnsafeRawBufferPointer(mapping.bytes)) { done, total in
            ReportLine.write("progress \(done) \(total)", to: report)
        }
        let model = try work.write(to: artefact)
        guard fsync(artefact) == 0 else { throw .artefact(.writeFailed(code: errno)) }
        ReportLine.write("model \(model.json)", to: report)
    }

    private static func sizeOfCheckpoint() throws(PackError) -> Int {
        guard let size = try ReportLine.fileSize(of: checkpoint, "descriptor 3, the checkpoint") else {
            throw .notAFile
        }
        guard size > 0 else { throw .checkpoint(.notGGUF) }
        return size
    }
}
