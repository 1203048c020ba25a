// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Every text keeps to the rules of the tree")
struct TextRulesTests {
    @Test("The top of the tree holds what the plan names, and nothing else")
    func topLevel() throws {
        let names = try SourceTree.topLevelEntries()
        #expect(names.contains("Package.swift"))
        expectNone(TextRules.strangers(atTop: names))
    }

    @Test("Every source begins with its SPDX line")
    func license() throws {
        expectNone(TextRules.missingLicense(try SourceTree.files()))
    }

    @Test("No text names a path of somebody's machine")
    func paths() throws {
        expectNone(TextRules.personalPaths(try SourceTree.files()))
    }

    @Test("No source declares public access")
    func access() throws {
        expectNone(TextRules.publicDeclarations(try SourceTree.files()))
    }

    @Test("No source traps on input")
    func traps() throws {
        expectNone(TextRules.traps(try SourceTree.files()))
    }

    @Test("A stranger at the top is found")
    func findsStranger() {
        #expect(TextRules.strangers(atTop: ["Sources", "notes.txt"]).map(\.place) == ["notes.txt"])
    }

    @Test("A missing SPDX line is found, also behind a first line for the system")
    func findsMissingLicense() {
        let line = "SPDX-License-Identifier: Apache-2.0"
        let good = [
            SourceFile(path: "Sources/A/A.swift", text: "// \(line)\n"),
            SourceFile(path: "Packaging/test", text: "#!/bin/bash\n# \(line)\n"),
            SourceFile(path: "Package.swift", text: "// swift-tools-version: 6.2\n// \(line)\n"),
        ]
        let bad = [
            SourceFile(path: "Sources/A/A.swift", text: "import Glibc\n// \(line)\n"),
            SourceFile(path: "Packaging/test", text: "#!/bin/bash\n"),
            SourceFile(path: "a.py", text: ""),
        ]
        #expect(TextRules.missingLicense(good + bad).count == 3)
    }

    @Test("Personal paths are found, web addresses and the product's paths are not")
    func findsPersonalPath() {
        let folder = "home"
        let bad = SourceFile(path: "README.md", text: "see `/\(folder)/ann/model`\n/\(folder)/bob\n")
        let good = SourceFile(path: "a.md", text: "https://x.org/\(folder)/a and /run/deepflow/api.sock\n/tmp/home/a\n")
        #expect(TextRules.personalPaths([bad]).count == 2)
        #expect(TextRules.personalPaths([good]).isEmpty)
    }

    @Test("Public access and traps are found in code, not in comments and strings")
    func findsCode() {
        let text = "public struct A {}\n// public\nlet a = try! b()\nlet c = d as! E\nfatalError(\"try!\")\n\"as!\"\n"
        let file = SourceFile(path: "Sources/A/A.swift", text: text)
        #expect(TextRules.publicDeclarations([file]).count == 1)
        #expect(TextRules.traps([file]).count == 3)
    }
}
