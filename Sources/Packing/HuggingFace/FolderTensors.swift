// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import JSONReading

/// Reads the tensors of a folder's safetensors files, and that they are all there.
enum FolderTensors {
    private static let index = "model.safetensors.index.json"
    private static let suffix = ".safetensors"

    /// All tensors by their names in the files, without those that are ignored.
    static func read(_ files: FolderFiles, isIgnored: (String) -> Bool) throws(PackError) -> [String: CheckpointTensor]
    {
        let names = files.names.filter { $0.hasSuffix(suffix) }
        guard !names.isEmpty else { throw .inconsistent("the folder has no file that ends in \(suffix)") }
        var tensors: [String: CheckpointTensor] = [:]
        var places: [String: String] = [:]
        for name in names {
            guard let bytes = files[name] else { continue }
            let file = try packing(PackError.checkpoint) { () throws(CheckpointError) in
                try SafetensorsFile(bytes, file: name, ignores: isIgnored)
            }
            for (tensor, content) in file.tensors {
                if let other = places.updateValue(name, forKey: tensor) {
                    throw .inconsistent("tensor '\(tensor)' is in \(other) and in \(name)")
                }
                tensors[tensor] = content
            }
        }
        try check(places, against: try files.json(index), files, isIgnored)
        return tensors
    }

    /// The index says which file holds which tensor: a folder that lacks one is not whole.
    private static func check(
        _ places: [String: String], against index: JSONValue?, _ files: FolderFiles, _ isIgnored: (String) -> Bool
    ) throws(PackError) {
        guard let index else { return }
        guard let map = index["weight_map"]?.object else {
            throw .inconsistent("\(Self.index) has no 'weight_map'")
        }
        // Sorted, so that a folder always gives the same message.
        for member in map.sorted(by: { $0.name < $1.name }) {
            let tensor = member.name
            guard let file = member.value.text else {
                throw .inconsistent("\(Self.index) gives no file for '\(tensor)'")
            }
            guard files[file] != nil else {
                throw .inconsistent("the folder lacks \(file), which \(Self.index) names; fetch it too")
            }
            guard places[tensor] == file || isIgnored(tensor) else {
                throw .inconsistent("\(file) lacks tensor '\(tensor)', which \(Self.index) promises")
            }
        }
    }
}
