// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints

extension FuzzTarget {
    /// The reader of GGUF files, with every kind of metadata asked for in every form.
    static let gguf = FuzzTarget("gguf", longest: 1 << 14, words: words) { bytes in
        guard let file = try? GGUFFile(bytes) else { return }
        for key in words {
            _ = try? file.metadata.string(key)
            _ = try? file.metadata.integer(key)
            _ = try? file.metadata.float(key)
            _ = try? file.metadata.boolean(key)
            _ = try? file.metadata.strings(key)
            _ = try? file.metadata.integers(key)
            _ = try? file.metadata.floats(key)
        }
        for tensor in file.tensors { touch(tensor) }
    }

    private static let words = [
        "GGUF", "general.architecture", "general.alignment", "general.name", "llama.block_count",
        "tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.scores", "token_embd.weight",
        "split.count", "split.no", "split.tensors.count",
    ]

    /// Reads a tensor's ends, which must be inside the file, and its size, which must be that of its shape.
    static func touch(_ tensor: CheckpointTensor) {
        let size = tensor.elementCount / tensor.type.blockElementCount * tensor.type.blockByteCount
        precondition(size == tensor.data.count, "a tensor whose bytes are not those of its shape")
        if let first = tensor.data.first, let last = tensor.data.last { touched = first ^ last }
    }

    /// Where reads go, so that none is left out.
    nonisolated(unsafe) private static var touched: UInt8 = 0
}
