// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Names say what a thing is")
struct NameRulesTests {
    @Test("No file has an empty word in its name")
    func fileNames() throws {
        expectNone(NameRules.emptyFileNames(try SourceTree.files()))
    }

    @Test("No type has an empty word, a bare noun or a module's name as its name")
    func typeNames() throws {
        expectNone(NameRules.poorTypeNames(try SourceTree.files()))
    }

    @Test(
        "Empty words in file names are found",
        arguments: ["StringUtils.swift", "common.c", "test_helper.py", "String+Misc.swift", "EngineImpl.swift"])
    func findsFileName(name: String) {
        #expect(NameRules.emptyFileNames([SourceFile(path: "Sources/A/\(name)", text: "")]).count == 1)
    }

    @Test(
        "Poor type names are found",
        arguments: [
            "struct PathHelper {}", "package final class EngineBase: Sendable {", "enum Task {", "actor Scheduler {",
            "struct Manager {}", "enum Keeper {}", "typealias Sequence = Int",
        ])
    func findsTypeName(line: String) {
        #expect(NameRules.poorTypeNames([SourceFile(path: "Sources/A/A.swift", text: line)]).count == 1)
    }

    @Test("Precise names are not reported")
    func allowsPreciseNames() {
        let text =
            "struct ServingTask {}\nactor ClusterManager {}\nstruct Database {}\n// class Helper\nclass func f()\n"
        #expect(NameRules.poorTypeNames([SourceFile(path: "Sources/A/DataBasement.swift", text: text)]).isEmpty)
        #expect(NameRules.emptyFileNames([SourceFile(path: "Sources/A/Database.swift", text: text)]).isEmpty)
    }
}
