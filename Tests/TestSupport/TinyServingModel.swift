// SPDX-License-Identifier: Apache-2.0
package import Artefacts
import ChatTemplates
import Glibc
import Tokenization

/// A tiny model with random weights, a tokenizer and a chat template: a whole artefact, as `flowserve pack` makes it.
///
/// Tokens 0 to 255 are the bytes, then come a few words and the control tokens. Its answers are noise, but the same
/// noise every time.
package final class TinyServingModel: @unchecked Sendable {
    /// Opens a turn; a control token.
    package static let turnToken: Int32 = 256 + Int32(words.count)
    /// Closes a turn and ends an answer; a control token.
    package static let endToken: Int32 = turnToken + 1
    /// The texts of the control tokens.
    package static let turnText = "<|turn|>"
    package static let endText = "<|end|>"
    /// Tokens of the model.
    package static let vocabularySize = Int(endToken) + 1

    /// The packed file, mapped at a multiple of 64; valid as long as this object.
    package let bytes: UnsafeRawBufferPointer
    private let mapping: UnsafeMutableRawBufferPointer

    private static let words = ["he", "ll", "hell", "hello"]
    private static let merges = ["h e", "l l", "he ll", "hell o"]
    /// The chat template that the model has unless a test wants another.
    package static let template = """
        {% for message in messages %}<|turn|>{{ message.role }}: {{ message.content }}<|end|>{% endfor %}\
        {% if add_generation_prompt %}<|turn|>assistant: {% endif %}
        """

    /// Packs a model with room for `contextLength` tokens, of Llama's family unless `change` makes it another.
    package init(
        contextLength: Int = 512, seed: UInt64 = 1, template: String? = TinyServingModel.template,
        change: (inout ModelConfiguration) -> Void = { _ in }
    ) throws {
        var shape = TinyModel.shape(
            layers: 2, hidden: 64, heads: 4, keyValueHeads: 2, headSize: 16, feedForward: 128,
            vocabulary: Self.vocabularySize, ropeDimensions: 16)
        shape.contextLength = contextLength
        change(&shape)
        let weights = try TinyModel(shape, tied: false, seed: seed)

        var path = Array("/tmp/tiny-serving-model-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        precondition(descriptor >= 0, "a temporary file cannot be made")
        unlink(path)
        defer { close(descriptor) }
        var writer = try ArtefactWriter(descriptor: descriptor, configuration: shape)
        try Self.tokenizer().withUnsafeBytes { try writer.writeTokenizer($0) }
        if let template {
            let program = try ChatTemplateCompiler.program(for: template)
            try program.withUnsafeBytes { try writer.writeChatTemplate($0) }
        }
        for index in 0..<weights.artefact.tensorCount {
            try Self.copy(weights.artefact.tensor(at: index), to: &writer)
        }
        let size = Int(try writer.finish())
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            preconditionFailure("the temporary file cannot be mapped")
        }
        mapping = UnsafeMutableRawBufferPointer(start: start, count: size)
        bytes = UnsafeRawBufferPointer(mapping)
    }

    deinit { munmap(mapping.baseAddress, mapping.count) }

    private static func tokenizer() throws -> [UInt8] {
        let singles = (UInt8.min ... .max).map { String(Character(ByteAlphabet.scalar(of: $0))) }
        let tokens = singles + words + [turnText, endText]
        let kinds = tokens.indices.map { $0 < turnToken ? TokenKind.normal : .control }
        return try TokenizerBuilder.section(
            for: Vocabulary(
                tokens: tokens, kinds: kinds, merges: merges, preTokenizer: .gpt2, endTokens: [endToken]))
    }

    private static func copy(_ tensor: PackedTensor, to writer: inout ArtefactWriter) throws {
        try writer.beginTensor(
            tensor.role, layer: tensor.layer, layout: tensor.layout, rows: tensor.rows, columns: tensor.columns)
        try writer.append(UnsafeRawBufferPointer(start: tensor.data, count: tensor.byteCount))
        try writer.endTensor()
    }
}
