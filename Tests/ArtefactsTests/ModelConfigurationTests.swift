// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Testing

@Suite("ModelConfiguration")
struct ModelConfigurationTests {
    @Test("every family is found by its name and stored with the model", arguments: Architecture.allCases)
    func families(_ family: Architecture) throws {
        #expect(Architecture(named: family.name) == family)
        var configuration = ArtefactFixture.configuration
        configuration.architecture = family
        configuration.ropeScale = 0.25
        let bytes = try ArtefactFixture.written(configuration) { writer throws(ArtefactError) in
            try writer.writeTokenizer([1])
            try writer.writeChatTemplate([])
        }
        try ArtefactFixture.aligned(bytes) { bytes in
            let artefact = try Artefact(verifying: bytes)
            #expect(artefact.configuration == configuration)
        }
    }

    @Test("a name that is not built in is no family", arguments: ["", "Llama", "mamba"])
    func strangers(_ name: String) {
        #expect(Architecture(named: name) == nil)
    }

    @Test("a rotary scale outside of 0 to 1 is refused", arguments: [0, -1, 1.5, .nan, .infinity] as [Float])
    func scales(_ scale: Float) {
        var configuration = ArtefactFixture.configuration
        configuration.ropeScale = scale
        let error = #expect(throws: ArtefactError.self) { try configuration.validate() }
        #expect(error?.description.contains("rotary scale") == true)
    }
}
