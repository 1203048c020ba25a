// SPDX-License-Identifier: Apache-2.0

/// Something that reads what may come from anyone. One file in `Targets` each, and a line in `all`.
///
/// Errors are what damaged inputs should lead to. What may not happen is a trap, a hang, or memory that has nothing to
/// do with the size of the input. Inputs to begin with lie in `Tests/Fixtures/fuzzing/NAME`.
struct FuzzTarget: Sendable {
    /// Its name on the command line and that of its folder of inputs.
    let name: String
    /// The longest input that is tried.
    let longest: Int
    /// Words of the language that is read, which chance would hardly spell.
    var words: [String] = []
    /// Reads one input, which is aligned as `malloc` aligns.
    let read: @Sendable (UnsafeRawBufferPointer) -> Void

    /// All targets.
    static let all = [
        gguf, safetensors, configuration, folder, checkpoint, artefact, answer, tokenizerFile, vocabulary, template,
        frame,
    ]

    /// The target of a name.
    init?(named name: String) {
        guard let target = (Self.all + [Self.broken]).first(where: { $0.name == name }) else { return nil }
        self = target
    }

    init(
        _ name: String, longest: Int, words: [String] = [], read: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        self.name = name
        self.longest = longest
        self.words = words
        self.read = read
    }
}
