// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import JSONReading
internal import Messages

/// The files of a checkpoint that came as a bundle; valid as long as its bytes are mapped.
struct FolderFiles {
    /// The names, in the bundle's order.
    let names: [String]
    private let bytes: [String: UnsafeRawBufferPointer]

    /// Reads where each file lies.
    init(_ bundle: UnsafeRawBufferPointer) throws(PackError) {
        let files = try packing(PackError.bundle) { () throws(CheckpointBundleError) in
            try CheckpointBundle(reading: bundle).files
        }
        names = files.map(\.name)
        bytes = Dictionary(
            files.map { file in
                (file.name, UnsafeRawBufferPointer(rebasing: bundle[file.offset..<file.offset + file.byteCount]))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The bytes of a file; nil where there is none.
    subscript(name: String) -> UnsafeRawBufferPointer? { bytes[name] }

    /// A JSON file; nil where there is none.
    func json(_ name: String) throws(PackError) -> JSONValue? {
        guard let bytes = bytes[name] else { return nil }
        do throws(JSONError) {
            return try JSONReader.read(bytes)
        } catch {
            throw .inconsistent("\(name): \(error)")
        }
    }

    /// A JSON file without which there is no model.
    func required(_ name: String) throws(PackError) -> JSONValue {
        guard let value = try json(name) else { throw .inconsistent("the folder has no \(name)") }
        return value
    }

    /// A file of text; nil where there is none.
    func text(_ name: String) throws(PackError) -> String? {
        guard let bytes = bytes[name] else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .inconsistent("\(name) is no UTF-8") }
        return text
    }
}
