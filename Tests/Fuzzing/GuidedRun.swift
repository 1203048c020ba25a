// SPDX-License-Identifier: Apache-2.0
internal import Glibc

#if LIBFUZZER
    // libFuzzer brings the program's main and guides it by the code that each input reaches; it calls the two functions
    // below. `Packaging/fuzz` builds the program with it.

    /// What reads the inputs: set by the first of these functions, before any other thread exists.
    nonisolated(unsafe) private var target = FuzzTarget.gguf

    /// Takes the target's name from the command line and puts what libFuzzer should know of the target there.
    @_cdecl("LLVMFuzzerInitialize")
    func initialize(
        _ count: UnsafeMutablePointer<Int32>,
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
    ) -> Int32 {
        var arguments = (0..<Int(count.pointee)).compactMap { words.pointee[$0].map { String(cString: $0) } }
        if arguments.dropFirst() == ["list"] { FuzzProgram.list() }
        guard arguments.count > 1, let named = FuzzTarget(named: arguments[1]) else { FuzzProgram.misused() }
        target = named
        arguments[1] = "-max_len=\(target.longest)"
        if let dictionary = dictionary(of: target) { arguments.append("-dict=\(dictionary)") }
        let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (place, argument) in arguments.enumerated() { pointers[place] = strdup(argument) }
        pointers[arguments.count] = nil
        count.pointee = Int32(arguments.count)
        words.pointee = pointers
        return 0
    }

    /// Reads one input.
    @_cdecl("LLVMFuzzerTestOneInput")
    func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        target.read(UnsafeRawBufferPointer(start: data, count: count))
        return 0
    }

    /// The path of a file with the target's words as libFuzzer wants them; nil where there are none.
    private func dictionary(of target: FuzzTarget) -> String? {
        let path = "/tmp/fuzz-words-\(target.name)-\(getpid())"
        guard !target.words.isEmpty, let file = fopen(path, "w") else { return nil }
        defer { fclose(file) }
        for word in target.words {
            let bytes = word.utf8.map { byte in
                let digits = String(byte, radix: 16)
                return "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
            fputs("\"\(bytes.joined())\"\n", file)
        }
        return path
    }
#endif
