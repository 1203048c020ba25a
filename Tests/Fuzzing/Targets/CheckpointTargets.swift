// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import CLinux
internal import Glibc
internal import Packing
internal import TestSupport

extension FuzzTarget {
    /// The whole of packing from a GGUF file: shape, vocabulary, template and weights.
    static let checkpoint = FuzzTarget(
        "checkpoint", longest: 1 << 16, words: ["GGUF", "llama", "qwen2", "qwen3", "gpt2", "bert", "t5", "{%", "{{"],
        read: pack)

    /// The whole of packing from a bundle of files: folders of Hugging Face and split files.
    static let folder = FuzzTarget(
        "folder", longest: 1 << 16,
        words: ["DFLOWSET", "config.json", "tokenizer.json", "model.safetensors.index.json", "weight_map"], read: pack)

    /// `config.json`, beside a model's other files.
    static let configuration = FuzzTarget(
        "configuration", longest: 1 << 12,
        words: [
            "\"architectures\"", "\"LlamaForCausalLM\"", "\"Qwen2ForCausalLM\"", "\"num_hidden_layers\"",
            "\"hidden_size\"", "\"num_attention_heads\"", "\"head_dim\"", "\"rope_parameters\"", "\"rope_scaling\"",
            "\"rope_type\"", "\"llama3\"", "\"factor\"", "\"partial_rotary_factor\"", "\"tie_word_embeddings\"",
            "\"eos_token_id\"", "true", "null", "1e308", "-1", "4294967296", "\\u0000",
        ]
    ) { bytes in
        var folder = FolderBuilder()
        folder.files = TinyFolder.files
        folder.files["config.json"] = Array(bytes)
        guard let bundle = try? folder.bundle() else { return }
        bundle.withUnsafeBytes(pack)
    }

    /// Where artefacts go.
    private static let output = clinux_memfd_create("artefact", 0)

    /// Packs, and reads what was packed: it has to be whole.
    @Sendable
    private static func pack(_ bytes: UnsafeRawBufferPointer) {
        ftruncate(output, 0)
        if PackCommand.refusal(of: bytes, artefact: output) != nil { return }
        var status = stat()
        fstat(output, &status)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(status.st_size), alignment: 64)
        defer { memory.deallocate() }
        pread(output, memory.baseAddress, memory.count, 0)
        guard let artefact = try? Artefact(verifying: UnsafeRawBufferPointer(memory)),
            (try? artefact.verifyContents()) != nil
        else { preconditionFailure("what was packed is no whole artefact") }
    }
}
