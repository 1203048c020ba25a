// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc

/// Which files of a folder of Hugging Face make up the model. Folders often hold the same weights in other forms too,
/// which nobody has to send.
struct FolderSelection {
    private static let index = "model.safetensors.index.json"
    private static let weights = "model.safetensors"
    /// Settings, tokenizer and chat template.
    private static let settings = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
        "chat_template.json",
    ]
    /// How an embedding model makes one vector of a text's; in a folder of its own.
    private static let pooling = "1_Pooling/config.json"

    /// The names, settings first.
    let files: [String]

    /// Chooses among the files of a folder that are there.
    init(folder: String, present: [String]) throws(CommandError) {
        let hasPooling = access(folder + "/" + Self.pooling, F_OK) == 0
        let known = Self.settings.filter(present.contains) + (hasPooling ? [Self.pooling] : [])
        guard present.contains(Self.index) else {
            files = known + (try Self.weights(folder, present))
            return
        }
        let parts = try Self.parts(folder + "/" + Self.index)
        if let missing = parts.first(where: { !present.contains($0) }) {
            throw .failed("\(folder) lacks \(missing), which \(Self.index) names; fetch it too")
        }
        files = known + [Self.index] + parts
    }

    /// Weights that no index names.
    private static func weights(_ folder: String, _ present: [String]) throws(CommandError) -> [String] {
        if present.contains(weights) { return [weights] }
        let found = present.filter { $0.hasSuffix(".safetensors") }
        guard found.isEmpty else { return found }
        if let other = present.first(where: { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }) {
            throw .failed(
                "\(folder) has its weights in \(other), a form that can run programs when it is read; "
                    + "save them as safetensors")
        }
        throw .failed("\(folder) has no file that ends in .safetensors; fetch the weights too")
    }

    /// The files that an index names. It may come from anyone: none of them is outside the folder.
    private static func parts(_ path: String) throws(CommandError) -> [String] {
        struct Index: Decodable {
            let places: [String: String]

            enum CodingKeys: String, CodingKey {
                case places = "weight_map"
            }
        }
        let file = try CheckpointFile(path: path)
        guard file.byteCount <= 64 << 20, let index = try? JSONDecoder().decode(Index.self, from: file.content()) else {
            throw .failed("\(path) is no index of safetensors files; fetch it again")
        }
        let parts = Set(index.places.values).sorted()
        if let stranger = parts.first(where: { $0.contains("/") || $0 == ".." || !$0.hasSuffix(".safetensors") }) {
            throw .failed("\(path) names '\(stranger)', which is no safetensors file of the folder; fetch it again")
        }
        guard !parts.isEmpty else { throw .failed("\(path) names no file; fetch it again") }
        return parts
    }
}
