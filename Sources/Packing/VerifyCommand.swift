// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Glibc
internal import LinuxKernel
internal import Sandbox

/// `flowserve verify`: reads a whole artefact and compares its checksums, in packing's sandbox. It is a process of its
/// own since a disk that fails under a mapping ends whoever reads it.
///
/// Descriptor 3 is the artefact; to 5, where it is open, go lines `progress DONE TOTAL` in bytes. Status and standard
/// error are those of `flowserve pack`: 65 for an artefact that is not what was written, and what of it is not.
package enum VerifyCommand {
    private static let artefact: CInt = 3
    private static let report: CInt = 5

    /// Verifies and returns the exit status.
    package static func run(arguments: [String]) -> Int32 {
        guard arguments.isEmpty else {
            ReportLine.write("flowserve verify takes no arguments: see deepflow model verify", to: STDERR_FILENO)
            return 64
        }
        ProcessPriority.setAll(ProcessPriority.work)
        do throws(PackError) {
            try verify()
            return 0
        } catch {
            ReportLine.write(error.description, to: STDERR_FILENO)
            return error.status
        }
    }

    private static func verify() throws(PackError) {
        signal(SIGPIPE, SIG_IGN)
        let found = try ReportLine.fileSize(of: artefact, "descriptor 3, the packed model")
        guard let size = found, size > 0 else { throw .artefact(.notAnArtefact) }
        _ = try packing(PackError.sandbox) { () throws(SandboxError) in
            try PackSandbox.enter(descriptorCount: UInt32(report) + 1, fileSize: 0)
        }
        let mapping = try packing(PackError.system) { () throws(SystemCallError) in
            try MappedMemory(artefact, byteCount: size, access: .readOnly)
        }
        try packing(PackError.artefact) { () throws(ArtefactError) in
            try Artefact(verifying: UnsafeRawBufferPointer(mapping.bytes)).verifyContents { done in
                ReportLine.write("progress \(done) \(size)", to: report)
            }
        }
    }
}
