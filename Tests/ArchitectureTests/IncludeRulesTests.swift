// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("C files form layers")
struct IncludeRulesTests {
    @Test("No C file reaches itself through what it includes")
    func circles() throws {
        expectNone(IncludeRules.circles(try SourceTree.files()))
    }

    @Test("A circle is found once, whether headers or sources close it; a header of its own source is none")
    func finds() {
        let files = [
            SourceFile(path: "Sources/C/a.h", text: "#include \"b.h\"\n"),
            SourceFile(path: "Sources/C/b.h", text: "#include <stdint.h>\n"),
            SourceFile(path: "Sources/C/b.c", text: "#include \"b.h\"\n#include \"include/c.h\"\n"),
            SourceFile(path: "Sources/C/include/c.h", text: "#include \"a.h\"\n"),
            SourceFile(path: "Sources/D/a.h", text: "#include \"c.h\"\n"),
        ]
        #expect(IncludeRules.circles(files).map(\.what) == ["a circle: a -> b -> c -> a"])
        #expect(IncludeRules.circles(Array(files.dropFirst())).isEmpty)
    }
}
