// SPDX-License-Identifier: Apache-2.0
internal import CContentDigest
internal import Glibc
package import LinuxKernel

/// SHA-256 as FIPS 180-4 defines it: how nodes name artefacts, and how checkpoints that were packed are known again.
package struct ContentDigest {
    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

    /// The digest of nothing yet.
    package init() {}

    /// Whether `text` is a digest as it is printed here.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
    }

    /// The digest of everything behind an open file, from its beginning.
    package static func ofFile(_ descriptor: CInt) throws(SystemCallError) -> String {
        var digest = ContentDigest()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while true {
            let count = try systemCall("pread", "\(descriptor)") {
                pread(descriptor, &buffer, buffer.count, off_t(offset))
            }
            guard count > 0 else { return digest.finish() }
            offset += count
            buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
        }
    }

    /// Takes more of the content.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount += UInt64(bytes.count)
        var rest = bytes
        if !pending.isEmpty {
            let taken = min(64 - pending.count, rest.count)
            pending.append(contentsOf: rest.prefix(taken))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
            guard pending.count == 64 else { return }
            let block = pending
            block.withUnsafeBytes { mix($0) }
            pending.removeAll(keepingCapacity: true)
        }
        let whole = rest.count / 64 * 64
        if whole > 0 { mix(UnsafeRawBufferPointer(rebasing: rest.prefix(whole))) }
        pending.append(contentsOf: rest.dropFirst(whole))
    }

    /// Ends the content; 64 lower-case hexadecimal digits.
    package mutating func finish() -> String {
        let bitCount = byteCount &* 8
        var padding: [UInt8] = [0x80]
        while (pending.count + padding.count) % 64 != 56 { padding.append(0) }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            padding.append(UInt8(truncatingIfNeeded: bitCount >> shift))
        }
        padding.withUnsafeBytes { update($0) }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for word in state {
            for shift in stride(from: UInt32(28), through: 0, by: -4) { text.append(digits[Int((word >> shift) & 15)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func mix(_ blocks: UnsafeRawBufferPointer) {
        state.withUnsafeMutableBufferPointer { state in
            guard let words = state.baseAddress, let start = blocks.baseAddress else { return }
            content_digest_blocks(words, start, blocks.count / 64)
        }
    }
}
