// SPDX-License-Identifier: Apache-2.0

/// How a node's templates and instances are confined, as `node status` shows it.
package struct SandboxState: Hashable, Sendable, Codable {
    /// What becomes of a system call that a process is not meant to make.
    package enum DeniedCalls: String, Hashable, Sendable, Codable, CaseIterable {
        /// The keeper hears of it, logs its name and arguments, and kills the process.
        case named
        /// The kernel kills the process; nobody learns which call it was.
        case unnamed
        /// There is no filter: the call is carried out.
        case allowed
    }

    package var deniedCalls: DeniedCalls
    /// As whom the processes run, in words.
    package var identity: String
    /// Steps of the recipe that kernel or privileges do not allow, each with its reason; normally empty.
    package var missing: [String]
    /// What is weaker than it could be, without harm.
    package var remarks: [String]

    package init(deniedCalls: DeniedCalls, identity: String, missing: [String], remarks: [String]) {
        self.deniedCalls = deniedCalls
        self.identity = identity
        self.missing = missing
        self.remarks = remarks
    }

    /// Upper bounds on what one frame may hold.
    private enum Limits {
        static let sentences = 32
        static let sentenceBytes = 512
    }

    func put(into writer: inout FrameWriter) {
        writer.put(UInt8(DeniedCalls.allCases.firstIndex(of: deniedCalls) ?? 0))
        writer.put(Self.cut(identity))
        for list in [missing, remarks] {
            writer.put(UInt32(min(list.count, Limits.sentences)))
            for sentence in list.prefix(Limits.sentences) { writer.put(Self.cut(sentence)) }
        }
    }

    /// At most as many bytes as the reader takes; a character that is cut becomes a replacement, up to 3 bytes longer.
    private static func cut(_ sentence: String) -> String {
        String(decoding: sentence.utf8.prefix(Limits.sentenceBytes - 3), as: UTF8.self)
    }

    static func take(from reader: inout FrameReader) throws(FrameError) -> SandboxState {
        let kind = Int(try reader.take(UInt8.self, "denied calls"))
        guard DeniedCalls.allCases.indices.contains(kind) else { throw .outOfRange(field: "denied calls") }
        let identity = try reader.takeText("identity", limit: Limits.sentenceBytes)
        let missing = try takeSentences("missing steps", &reader)
        let remarks = try takeSentences("remarks", &reader)
        return SandboxState(
            deniedCalls: DeniedCalls.allCases[kind], identity: identity, missing: missing, remarks: remarks)
    }

    private static func takeSentences(_ field: String, _ reader: inout FrameReader) throws(FrameError) -> [String] {
        let count = try reader.takeCount(field, limit: Limits.sentences)
        var sentences: [String] = []
        for _ in 0..<count { sentences.append(try reader.takeText(field, limit: Limits.sentenceBytes)) }
        return sentences
    }
}
