// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// The command line of this process as lists of processes show it.
///
/// The kernel reads it from the memory in which it laid down the arguments at the exec, so it is changed by writing there,
/// without a call. It may go on into the memory of the environment, which lies behind.
package struct ProcessTitle {
    private let memory: UnsafeMutableRawBufferPointer
    /// The program's name: the last part of the path by which it was called.
    package let program: String

    /// Takes the memory. The environment is gone from then on. nil where there is none to take.
    package init?() {
        var byteCount = 0
        guard let start = clinux_take_title_memory(&byteCount), byteCount > 1 else { return nil }
        memory = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        let path = memory.prefix { $0 != 0 }
        let name = path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path
        program = String(decoding: name, as: UTF8.self)
    }

    /// The title `program words name suffix`. Where that is longer than the memory, the name is cut.
    package func composed(_ words: String, name: String, suffix: String = "") -> [UInt8] {
        let front = Array("\(program) \(words) ".utf8)
        let back = suffix.isEmpty ? [] : Array(" \(suffix)".utf8)
        let room = max(0, memory.count - 1 - front.count - back.count)
        // What comes from elsewhere must not look like the end of the title, or like lines of a list.
        let shown = name.utf8.prefix(room).map { $0 < 0x21 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        return front + shown + back
    }

    /// Shows `title`, as far as there is room.
    package func show(_ title: [UInt8]) {
        let shown = title.prefix(memory.count - 1)
        memory.copyBytes(from: shown)
        UnsafeMutableRawBufferPointer(rebasing: memory[shown.count...]).initializeMemory(as: UInt8.self, repeating: 0)
    }
}
