// SPDX-License-Identifier: Apache-2.0

/// Bounds-checked access to the header of a tokenizer section and to the tables that it points to.
struct TableDirectory {
    private let section: UnsafeRawBufferPointer

    /// Checks signature and version.
    init(_ section: UnsafeRawBufferPointer) throws(TokenizerError) {
        guard section.count >= TokenizerFormat.headerSize,
            section.number(TokenizerFormat.Header.signature) == TokenizerFormat.signature
        else { throw .damagedTables(field: "header") }
        let version: UInt32 = section.number(TokenizerFormat.Header.version)
        guard version == TokenizerFormat.version else {
            throw .unsupportedVersion(found: version, known: TokenizerFormat.version)
        }
        self.section = section
    }

    /// A count of the header within a range.
    func count(_ offset: Int, _ field: String, in range: ClosedRange<Int>) throws(TokenizerError) -> Int {
        let value = Int(section.number(offset, as: UInt32.self))
        guard range.contains(value) else { throw .damagedTables(field: field) }
        return value
    }

    /// The size of a hash table: zero or a power of two.
    func slots(_ offset: Int, _ field: String) throws(TokenizerError) -> Int {
        let value = try count(offset, field, in: 0...1 << 24)
        guard value & (value - 1) == 0 else { throw .damagedTables(field: field) }
        return value
    }

    /// A token id of the header; nil for -1.
    func token(_ offset: Int, _ field: String, vocabularySize: Int) throws(TokenizerError) -> Int32? {
        let value: Int32 = section.number(offset)
        guard value != -1 else { return nil }
        guard value >= 0, Int(value) < vocabularySize else { throw .damagedTables(field: field) }
        return value
    }

    /// A list of special tokens, by the header's fields for its parts.
    func specials(
        _ starts: Int, _ records: Int, _ count: Int, _ text: UnsafeRawBufferPointer
    ) throws(TokenizerError) -> SpecialTable {
        let count = try self.count(count, "special count", in: 0...TokenizerFormat.maxSpecials)
        return SpecialTable(
            starts: try table(starts, "special starts", count: 257, of: 4),
            records: try table(records, "special tokens", count: count, of: TokenizerFormat.specialRecordSize),
            text: text)
    }

    /// The tokens that end an answer.
    func endTokens(vocabularySize: Int) throws(TokenizerError) -> [Int32] {
        typealias Header = TokenizerFormat.Header
        let ends = try count(Header.endTokenCount, "end token count", in: 0...TokenizerFormat.maxEndTokens)
        var tokens: [Int32] = []
        for index in 0..<ends {
            let token = try self.token(Header.endTokens + 4 * index, "end token", vocabularySize: vocabularySize)
            if let token { tokens.append(token) }
        }
        return tokens
    }

    /// The table of `count` records of `size` bytes whose offset stands in the header.
    func table(
        _ offset: Int, _ field: String, count: Int, of size: Int
    ) throws(TokenizerError) -> UnsafeRawBufferPointer {
        let start = Int(section.number(offset, as: UInt32.self))
        // Counts are at most 2^24 and sizes at most 16, so the product cannot overflow.
        guard start >= TokenizerFormat.headerSize, start <= section.count, count * size <= section.count - start
        else { throw .damagedTables(field: field) }
        return UnsafeRawBufferPointer(rebasing: section[start..<start + count * size])
    }
}
