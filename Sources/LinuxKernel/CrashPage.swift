// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// What a process that crashed has written of itself in a page that another one holds too. All of it may be invented by
/// a process that was taken over; it is only ever shown.
package struct CrashPage: Hashable, Sendable, CustomStringConvertible {
    /// Room that it takes: one page.
    package static let byteCount = 4096

    package let signal: Int32
    package let address: UInt64
    package let instruction: UInt64
    /// Return addresses, innermost first.
    package let frames: [UInt64]

    /// As somebody else has read it.
    package init(signal: Int32, address: UInt64, instruction: UInt64, frames: [UInt64]) {
        self.signal = signal
        self.address = address
        self.instruction = instruction
        self.frames = frames
    }

    /// Reads the page that a file is; nil where there was no crash.
    package init?(_ file: CInt) {
        var crash = clinux_crash()
        let count = withUnsafeMutableBytes(of: &crash) { pread(file, $0.baseAddress, $0.count, 0) }
        guard count == MemoryLayout<clinux_crash>.size, crash.signal != 0 else { return nil }
        signal = crash.signal
        address = crash.address
        instruction = crash.instruction
        let known = Int(min(crash.frame_count, UInt32(CLINUX_CRASH_FRAMES)))
        frames = withUnsafeBytes(of: &crash.frames) { Array($0.bindMemory(to: UInt64.self).prefix(known)) }
    }

    /// `at 0x55d0, address 0x0, called from 0x55e1 0x55f2`.
    package var description: String {
        func hexadecimal(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
        let callers = frames.isEmpty ? "" : ", called from " + frames.map(hexadecimal).joined(separator: " ")
        return "at \(hexadecimal(instruction)), address \(hexadecimal(address))" + callers
    }

    /// Has crashes of the calling process written to `memory`, a page that stays mapped.
    package static func note(in memory: UnsafeMutableRawBufferPointer) throws(SystemCallError) {
        try systemCall("sigaction") { clinux_note_crashes(memory.baseAddress) }
    }
}
