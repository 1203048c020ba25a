// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Glibc
import TestSupport

@testable import Packing

/// An artefact packed from bytes in memory, at an aligned address for as long as the value lives.
final class Packed {
    let model: PackedModel
    let artefact: Artefact
    private let memory: UnsafeMutableRawBufferPointer

    init(_ checkpoint: [UInt8], progress: @escaping (UInt64, UInt64) -> Void = { _, _ in }) throws {
        guard let file = tmpfile() else { throw PackError.notAFile }
        defer { fclose(file) }
        model = try checkpoint.withUnsafeBytes { bytes in
            let packing = try ModelPacking(bytes, progress: progress)
            return try packing.write(to: fileno(file))
        }
        memory = .allocate(byteCount: Int(model.byteCount), alignment: 64)
        guard pread(fileno(file), memory.baseAddress, memory.count, 0) == memory.count else {
            throw PackError.notAFile
        }
        artefact = try Artefact(verifying: UnsafeRawBufferPointer(memory))
    }

    deinit {
        memory.deallocate()
    }

    /// What packing says against bytes: the description and the status; nil when it succeeds.
    static func refusal(_ checkpoint: [UInt8]) -> (text: String, status: Int32)? {
        do {
            _ = try Packed(checkpoint)
            return nil
        } catch let error as PackError {
            return (error.description, error.status)
        } catch {
            return ("\(error)", -1)
        }
    }

    /// The number at a place of a matrix or vector.
    func number(_ role: TensorRole, layer: Int = 0, row: Int = 0, column: Int) -> Float? {
        artefact.tensor(role, layer: layer)?.numbers(ofRow: row)[column]
    }
}
