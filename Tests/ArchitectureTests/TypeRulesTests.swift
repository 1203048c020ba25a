// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Types stay small and have one name")
struct TypeRulesTests {
    @Test("No type has more lines than the limit over all its extensions")
    func sizes() throws {
        let files = try SourceTree.files()
        expectNone(TypeRules.largeTypes(files))
        expectNone(TypeRules.looseExcuses(files))
    }

    @Test("No two rooms have types of the same name")
    func names() throws {
        expectNone(TypeRules.doubleNames(try SourceTree.files()))
    }

    private static func file(_ path: String, _ text: String) -> SourceFile {
        SourceFile(path: "Sources/\(path)", text: text)
    }

    @Test("Extensions in other files count, types nested in it as well, other rooms do not")
    func addsUp() {
        let files = [
            Self.file(
                "A/One.swift", "/// struct Other {\npackage struct One {\n    struct Inner {\n    }\n}\n\nlet a = 1\n"),
            Self.file(
                "A/OneMore.swift", "extension One {\n    func f() { _ = \"}\" }\n}\nextension One: Sendable {}\n"),
            Self.file("B/One.swift", "extension One {\n}\n"),
        ]
        #expect(TypeRules.lineCounts(files) == ["A.One": 8, "B.One": 2])
    }

    @Test("A type one line over the limit is found, one at the limit is not, and an excuse holds up to its number")
    func findsLargeType() {
        let body = String(repeating: "    let a = 1\n", count: TypeRules.typeLines - 2)
        let atLimit = Self.file("A/A.swift", "final class Large {\n\(body)}\n")
        let over = Self.file("A/B.swift", "extension Large {}\n")
        #expect(TypeRules.largeTypes([atLimit]).isEmpty)
        #expect(TypeRules.largeTypes([atLimit, over]).map(\.place) == ["A.Large"])
        #expect(TypeRules.largeTypes([atLimit, over], allowed: ["A.Large": TypeRules.typeLines + 1]).isEmpty)
        #expect(TypeRules.looseExcuses([atLimit], allowed: ["A.Large": 900]).count == 1)
    }

    @Test("The same name in two rooms is found, nested types and extensions are not")
    func findsDoubleName() {
        let files = [
            Self.file("A/A.swift", "struct Part {\n    enum Kind {}\n}\n"),
            Self.file("B/B.swift", "package enum Part {}\nstruct Other {\n    enum Kind {}\n}\nextension String {}\n"),
            Self.file("C/C.swift", "extension String {}\n"),
        ]
        #expect(TypeRules.doubleNames(files).map(\.place) == ["Part"])
    }
}
