// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Tokenization

/// A tiny Llama checkpoint as a GGUF file: 2 layers, width 8, 2 heads of 4, 1 key head, 300 tokens, F16 matrices.
struct LlamaFile {
    static let layers = 2
    static let hidden = 8
    static let wide = 12
    static let tokenCount = 300

    /// Metadata entries to leave out, by key.
    var without: Set<String> = []
    /// Tensors to leave out, by name.
    var withoutTensors: Set<String> = []
    /// Shapes to write instead of the right ones.
    var shapes: [String: [UInt64]] = [:]
    /// Stores all matrices as F32.
    var isFull = false
    var hasOutput = true
    var extend: (inout GGUFBuilder) -> Void = { _ in }

    /// The numbers of a tensor, each one exact as F16 and different from its neighbours.
    static func numbers(_ name: String, _ count: Int) -> [Float] {
        let seed = name.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
        return (0..<count).map { Float(($0 &* 37 &+ seed) % 1999 - 999) / 512 }
    }

    /// The tokens: all bytes, some pairs, control tokens.
    static var tokens: [String] {
        var tokens = (UInt8.min ... .max).map { String(Character(ByteAlphabet.scalar(of: $0))) }
        tokens += ["he", "ll", "hell", "hello", "Ġhello"]
        while tokens.count < tokenCount - 3 { tokens.append("<unused\(tokens.count)>") }
        return tokens + ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    }

    func bytes() -> [UInt8] {
        var builder = GGUFBuilder()
        addMetadata(&builder)
        addVocabulary(&builder)
        addTensor(&builder, "token_embd.weight", [Self.hidden, Self.tokenCount])
        for layer in 0..<Self.layers {
            let prefix = "blk.\(layer)."
            addTensor(&builder, prefix + "attn_norm.weight", [Self.hidden])
            addTensor(&builder, prefix + "attn_q.weight", [Self.hidden, 8])
            addTensor(&builder, prefix + "attn_k.weight", [Self.hidden, 4])
            addTensor(&builder, prefix + "attn_v.weight", [Self.hidden, 4])
            addTensor(&builder, prefix + "attn_output.weight", [8, Self.hidden])
            addTensor(&builder, prefix + "ffn_norm.weight", [Self.hidden])
            addTensor(&builder, prefix + "ffn_gate.weight", [Self.hidden, Self.wide])
            addTensor(&builder, prefix + "ffn_up.weight", [Self.hidden, Self.wide])
            addTensor(&builder, prefix + "ffn_down.weight", [Self.wide, Self.hidden])
        }
        addTensor(&builder, "output_norm.weight", [Self.hidden])
        if hasOutput { addTensor(&builder, "output.weight", [Self.hidden, Self.tokenCount]) }
        extend(&builder)
        return builder.file()
    }

    private func addMetadata(_ builder: inout GGUFBuilder) {
        func add(_ key: String, _ add: (String) -> Void) {
            if !without.contains(key) { add(key) }
        }
        add("general.architecture") { builder.add($0, "llama") }
        add("general.name") { builder.add($0, "Tiny \"one\"") }
        let counts: [(String, UInt32)] = [
            ("block_count", UInt32(Self.layers)), ("embedding_length", UInt32(Self.hidden)),
            ("feed_forward_length", UInt32(Self.wide)), ("attention.head_count", 2), ("attention.head_count_kv", 1),
            ("context_length", 128), ("rope.dimension_count", 4),
        ]
        for (key, value) in counts { add("llama." + key) { builder.add($0, value) } }
        add("llama.attention.layer_norm_rms_epsilon") { builder.add($0, 1e-5 as Float) }
        add("llama.rope.freq_base") { builder.add($0, 5000 as Float) }
    }

    func addVocabulary(_ builder: inout GGUFBuilder) {
        func add(_ key: String, _ add: (String) -> Void) {
            if !without.contains(key) { add(key) }
        }
        let kinds = (0..<Self.tokenCount).map { Int32($0 >= Self.tokenCount - 3 ? 3 : $0 > 260 ? 5 : 1) }
        add("tokenizer.ggml.model") { builder.add($0, "gpt2") }
        add("tokenizer.ggml.pre") { builder.add($0, "qwen2") }
        add("tokenizer.ggml.tokens") { builder.add($0, Self.tokens) }
        add("tokenizer.ggml.token_type") { builder.add($0, kinds) }
        add("tokenizer.ggml.merges") { builder.add($0, ["h e", "l l", "he ll", "hell o", "Ġ hello"]) }
        add("tokenizer.ggml.eos_token_id") { builder.add($0, UInt32(298)) }
        add("tokenizer.chat_template") { builder.add($0, "{% for m in messages %}[{{ m.content }}]{% endfor %}") }
    }

    private func addTensor(_ builder: inout GGUFBuilder, _ name: String, _ shape: [Int]) {
        guard !withoutTensors.contains(name) else { return }
        let numbers = Self.numbers(name, shape.reduce(1, *))
        let isHalf = shape.count > 1 && !isFull
        let bytes = numbers.flatMap { number in
            isHalf ? GGUFBuilder.bytes(Float16(number).bitPattern) : GGUFBuilder.bytes(number.bitPattern)
        }
        builder.addTensor(name, shapes[name] ?? shape.map(UInt64.init), type: isHalf ? 1 : 0, bytes)
    }
}
