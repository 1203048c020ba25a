// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("What a target offers says what it is")
struct DocumentationRulesTests {
    @Test("Every type and function that other targets see has a comment")
    func contracts() throws {
        let files = try SourceTree.files()
        expectNone(DocumentationRules.undocumentedContracts(files))
        expectNone(DocumentationRules.looseExcuses(files))
    }

    @Test("Declarations without a comment are found, with modifiers and attributes before them")
    func finds() {
        let text = """
            package struct A {
                package let a = 1
                package init() {}
                @discardableResult
                package mutating func f() {}
                package static func g() {}
                package final class B {}
                package class func h() {}
            }
            """
        let found = DocumentationRules.undocumented([SourceFile(path: "Sources/A/A.swift", text: text)])
        #expect(found.map(\.kind) == [.type, .property, .initializer, .function, .function, .type, .function])
        #expect(
            DocumentationRules.undocumentedContracts([SourceFile(path: "Sources/A/A.swift", text: text)]).count == 5)
    }

    @Test("Documented and internal declarations are not reported")
    func allows() {
        let text = """
            /// A thing.
            package struct A {
                /// Does it.
                @discardableResult
                package func f() {}
                func g() {}
            }
            """
        #expect(DocumentationRules.undocumented([SourceFile(path: "Sources/A/A.swift", text: text)]).isEmpty)
        #expect(
            DocumentationRules.undocumented([SourceFile(path: "Tests/A/A.swift", text: "package func f() {}")]).isEmpty)
    }
}
