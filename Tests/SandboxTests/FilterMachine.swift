// SPDX-License-Identifier: Apache-2.0

/// The kernel's machine for filters, as far as filters of system calls use it: what a compiled program answers to one
/// call, also of a processor that is not here.
struct FilterMachine {
    /// `struct seccomp_data`: number, architecture, instruction pointer, six arguments.
    private let data: [UInt8]
    private let program: [UInt8]

    enum Answer: UInt32 {
        case endsProcess = 0x8000_0000
        case refuses = 0x0005_0000
        case asks = 0x7fc0_0000
        case allows = 0x7fff_0000
    }

    /// The program leaves what filters may do.
    struct BadProgram: Error {
        let instruction: Int
    }

    init(_ program: [UInt8], number: Int32, architecture: UInt32, arguments: [UInt64] = []) {
        self.program = program
        var data: [UInt8] = []
        func put<Number: FixedWidthInteger>(_ value: Number) {
            withUnsafeBytes(of: value.littleEndian) { data += $0 }
        }
        put(number)
        put(architecture)
        put(UInt64(0))
        for index in 0..<6 { put(index < arguments.count ? arguments[index] : 0) }
        self.data = data
    }

    /// Runs it. The low 16 bits of a refusal are its errno, which is not looked at.
    func answer() throws -> Answer {
        var accumulator: UInt32 = 0
        var position = 0
        while position < program.count / 8 {
            let code = UInt16(program[position * 8]) | UInt16(program[position * 8 + 1]) << 8
            let operand = word(program, position * 8 + 4)
            switch code {
            case 0x20: accumulator = word(data, Int(operand))  // load a word
            case 0x54: accumulator &= operand
            case 0x05: position += Int(operand)  // jump
            case 0x15: position += jump(position, accumulator == operand)
            case 0x25: position += jump(position, accumulator > operand)
            case 0x35: position += jump(position, accumulator >= operand)
            case 0x45: position += jump(position, accumulator & operand != 0)
            case 0x06:
                guard let answer = Answer(rawValue: operand & 0xffff_0000) else {
                    throw BadProgram(instruction: position)
                }
                return answer
            default: throw BadProgram(instruction: position)
            }
            position += 1
        }
        throw BadProgram(instruction: position)
    }

    private func jump(_ position: Int, _ isTrue: Bool) -> Int { Int(program[position * 8 + (isTrue ? 2 : 3)]) }

    private func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
    }
}
