// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Files and functions stay small")
struct SizeRulesTests {
    @Test("No code file has more lines than the limit")
    func files() throws {
        expectNone(SizeRules.longFiles(try SourceTree.files()))
    }

    @Test("No function has more lines than the limit")
    func functions() throws {
        expectNone(SizeRules.longFunctions(try SourceTree.files()))
    }

    @Test("Every executable only parses, builds and runs")
    func executables() throws {
        expectNone(SizeRules.longExecutables(try SourceTree.files()))
    }

    @Test("The keeper is small")
    func keeper() throws {
        expectNone(SizeRules.longKeeper(try SourceTree.files()))
        let text = String(repeating: "x\n\n    // y\n", count: SizeRules.keeperLines)
        let (small, large) = (text.dropFirst(2), text)
        #expect(SizeRules.longKeeper([SourceFile(path: "Sources/Keeper/a.swift", text: String(small))]).isEmpty)
        #expect(SizeRules.longKeeper([SourceFile(path: "Sources/Keeper/a.swift", text: large)]).count == 1)
    }

    @Test("The lists of excused files name files that exist and are still too long")
    func allowances() throws {
        let files = try SourceTree.files()
        for path in SizeRules.allowedLongFiles {
            #expect(files.contains { $0.path == path && $0.lines.count > SizeRules.fileLines }, "\(path)")
        }
        for path in SizeRules.allowedLongFunctions {
            #expect(files.contains { $0.path == path }, "\(path)")
        }
    }

    @Test("A file one line over the limit is found, one at the limit is not", arguments: ["swift", "c", "py"])
    func findsLongFile(suffix: String) {
        let atLimit = String(repeating: "x\n", count: SizeRules.fileLines)
        #expect(SizeRules.longFiles([SourceFile(path: "Sources/A/a.\(suffix)", text: atLimit)]).isEmpty)
        #expect(SizeRules.longFiles([SourceFile(path: "Sources/A/a.\(suffix)", text: atLimit + "x\n")]).count == 1)
    }

    @Test("Long functions of each language are found, with braces in strings and comments")
    func findsLongFunctions() {
        let body = String(repeating: "    step(\"}\")  // }\n", count: SizeRules.functionLines)
        let swift = "protocol P { func a(); var b: Int { get } }\nfunc long(_ f: () -> Void = {}) {\n\(body)}\n"
        let property = "var long: Int {\n\(body)}\nlet x = 1\nvar short = 2\n"
        let c = "struct s { int a; };\nint table[] = {1, 2};\nint long(void) {\n\(body)}\n"
        let python = "def short():\n    pass\n\n\ndef long(\n    a,\n) -> int:\n\(body)\nx = 1\n"
        for (name, text) in [("a.swift", swift), ("b.swift", property), ("c.c", c), ("d.py", python)] {
            #expect(SizeRules.longFunctions([SourceFile(path: "Sources/A/\(name)", text: text)]).count == 1, "\(name)")
        }
    }

    @Test("Extents are exact")
    func extents() {
        let text = "struct A {\n    init() {\n    }\n    func f() -> Int {\n        .init(1)\n    }\n}\n"
        #expect(
            FunctionExtents.inSwift(text) == [
                FunctionExtent(firstLine: 2, lineCount: 2), FunctionExtent(firstLine: 4, lineCount: 3),
            ])
        #expect(
            FunctionExtents.inPython("def f():\n    a\n\n    b\n\nc\n") == [FunctionExtent(firstLine: 1, lineCount: 4)])
    }

    @Test("An executable at the limit is found")
    func findsLongExecutable() {
        let text = String(repeating: "x\n", count: SizeRules.executableLines)
        #expect(SizeRules.longExecutables([SourceFile(path: "Sources/flowserve/main.swift", text: text)]).count == 1)
    }
}
