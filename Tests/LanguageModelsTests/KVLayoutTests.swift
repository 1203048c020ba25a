// SPDX-License-Identifier: Apache-2.0
import Artefacts
import LanguageModels
import ServingModel
import TestSupport
import Testing

@Suite("KVLayout")
struct KVLayoutTests {
    @Test("counts keys and padded values of all heads and layers, in whole cache lines")
    func sizes() {
        let even = KVLayout(configuration: TinyModel.even)
        #expect(even.bytesPerBlock == 2 * 2 * (16 + 16) * 32 * 2)
        let odd = KVLayout(configuration: TinyModel.odd)
        #expect(odd.paddedHeadSize == 16)
        #expect(odd.bytesPerBlock == 3 * 2 * (10 + 16) * 32 * 2)
        #expect(odd.bytesPerHead % 64 == 0)
        let bytes = KVLayout(configuration: TinyModel.odd, type: .bytes)
        #expect(bytes.bytesPerBlock == 3 * 2 * 2 * (16 + 2) * 32)
        #expect(bytes.bytesPerHead % 64 == 0)
    }

    @Test("counts the blocks that positions fill or begin", arguments: [(0, 0), (1, 1), (32, 1), (33, 2), (64, 2)])
    func blocks(_ positions: Int, _ count: Int) {
        #expect(KVLayout(configuration: TinyModel.odd).blockCount(forPositions: positions) == count)
    }
}
