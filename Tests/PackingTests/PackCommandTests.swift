// SPDX-License-Identifier: Apache-2.0

import Packing
import Testing

@Suite("PackCommand")
struct PackCommandTests {
    @Test("arguments are a usage error")
    func usage() {
        #expect(PackCommand.run(arguments: ["model.gguf"]) == 64)
    }
}
