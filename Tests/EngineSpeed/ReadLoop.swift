// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Reads memory once by several threads and does nothing else: what the machine can deliver at the moment.
struct ReadLoop {
    /// The part of one thread.
    private final class Part {
        let bytes: UnsafeRawBufferPointer
        var sum = SIMD8<UInt64>()

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        func read() {
            var sums = (SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>(), SIMD8<UInt64>())
            let lines = bytes.bindMemory(to: SIMD8<UInt64>.self)
            for index in stride(from: 0, to: lines.count - 3, by: 4) {
                sums.0 ^= lines[index]
                sums.1 ^= lines[index + 1]
                sums.2 ^= lines[index + 2]
                sums.3 ^= lines[index + 3]
            }
            sum = sums.0 ^ sums.1 ^ sums.2 ^ sums.3
        }
    }

    private let parts: [Part]

    init(_ bytes: UnsafeRawBufferPointer, threads: Int) {
        let size = bytes.count / threads / 64 * 64
        parts = (0..<threads).map {
            Part(UnsafeRawBufferPointer(rebasing: bytes[$0 * size..<($0 + 1) * size]))
        }
    }

    func run() throws {
        var others: [pthread_t] = []
        for part in parts.dropFirst() {
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<Part>.fromOpaque(argument).takeUnretainedValue().read() }
                    return nil
                }, Unmanaged.passUnretained(part).toOpaque())
            guard code == 0 else { throw SystemCallError("pthread_create", "a reading thread", code: code) }
            others.append(thread)
        }
        parts.first?.read()
        for thread in others { pthread_join(thread, nil) }
        // The sums must be used, or nothing would be read.
        precondition(parts.count > 0 && parts[0].sum != SIMD8(repeating: 0x5eed), "the sum has a value")
    }
}
