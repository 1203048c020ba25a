// SPDX-License-Identifier: Apache-2.0
import Testing
import UnixHTTP

@Suite struct PercentEncodingTests {
    @Test("names in request targets are escaped and read back", arguments: ["org/m:1", "ä ö%&", "100%", "%zz", ""])
    func escaping(text: String) {
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
        #expect(PercentEncoding.encode(text).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }
}
