// SPDX-License-Identifier: Apache-2.0
import Foundation
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("What is wanted of models")
struct DesiredStateFileTests {
    private let directory: ScratchDirectory
    private let file: DesiredStateFile

    init() throws {
        directory = try ScratchDirectory()
        file = DesiredStateFile(directory: directory.path)
    }

    @Test("is read as it was written, and nothing is there before")
    func roundTrip() throws {
        #expect(try file.read().isEmpty)
        let name = try #require(ModelName("team/model:1"))
        let entries = [DesiredStateFile.Entry(model: name, instances: 3, pinned: true)]
        try file.write(entries)
        #expect(try file.read() == entries)
        try file.write([])
        #expect(try file.read().isEmpty)
        #expect(try DirectoryPath.files(in: directory.path) == ["desired.json"])
    }

    @Test("is taken over from the file of an earlier release, once")
    func earlierName() throws {
        try directory.write("[{\"model\":\"guide\",\"instances\":2,\"pinned\":false}]", to: "wishes.json")
        let kept = [DesiredStateFile.Entry(model: .example("guide"), instances: 2, pinned: false)]
        #expect(try file.read() == kept)
        #expect(try DirectoryPath.files(in: directory.path) == ["desired.json"])
        try directory.write("[]", to: "wishes.json")
        #expect(try file.read() == kept)
    }

    @Test("is refused where the file is something else, and mended by the next change")
    func damage() throws {
        for text in ["", "{", "[{\"model\":\"../x\",\"instances\":1,\"pinned\":true}]", "[1]"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file.path))
            #expect(throws: (any Error).self) { try file.read() }
        }
        try file.write([])
        #expect(try file.read().isEmpty)
        try FileManager.default.removeItem(atPath: file.path)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: "/etc/passwd")
        #expect(throws: SystemCallError.self) { try file.read() }
    }
}
