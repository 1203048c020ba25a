// SPDX-License-Identifier: Apache-2.0

/// Bounds of a program, equal for the parser that makes it and the decoder that reads it back.
enum ProgramLimits {
    /// Statements and expressions inside one another; keeps recursion far from the end of a thread's stack.
    static let depth = 128
    /// Bytes of a template's source.
    static let sourceSize = 1 << 20
    /// Bytes of a packed program.
    static let programSize = 1 << 23
    /// "DFJINJA3" as a little-endian number; the last digit is the version.
    static let signature: UInt64 = 0x3341_4A4E_494A_4644
}
