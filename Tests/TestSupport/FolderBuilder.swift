// SPDX-License-Identifier: Apache-2.0

import Messages

/// Builds the bundle that a folder of files becomes on its way to the packer.
package struct FolderBuilder {
    /// The files by their names.
    package var files: [String: [UInt8]] = [:]

    /// A folder without files.
    package init() {}

    /// The bundle's bytes.
    package func bundle() throws -> [UInt8] {
        let contents = files.sorted { $0.key < $1.key }
        let bundle = try CheckpointBundle(contents.map { ($0.key, $0.value.count) })
        var bytes = bundle.head
        for (file, content) in zip(bundle.files, contents) {
            bytes += [UInt8](repeating: 0, count: file.offset - bytes.count) + content.value
        }
        return bytes
    }
}

/// Builds safetensors files in memory for tests, valid or deliberately not.
package struct SafetensorsBuilder {
    private var entries: [String] = []
    private var data: [UInt8] = []

    /// A file without tensors.
    package init() {}

    /// Adds a tensor; sizes are written from the outermost to the innermost.
    package mutating func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
        addEntry(
            name,
            #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(data.count),\#(data.count + bytes.count)]}"#)
        data += bytes
    }

    /// Adds an entry of the header as it is written.
    package mutating func addEntry(_ name: String, _ json: String) {
        entries.append("\"\(name)\":\(json)")
    }

    /// The whole file; the header's size can be forged.
    package func file(headerSize: UInt64? = nil) -> [UInt8] {
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        return GGUFBuilder.bytes(headerSize ?? UInt64(header.count)) + header + data
    }
}
