// SPDX-License-Identifier: Apache-2.0

/// Writes a parsed template as bytes: the signature, the form of tool arguments, then for each node a tag, its position and its parts in order. Numbers are of
/// variable length, seven bits a byte.
struct ProgramEncoder {
    private var bytes: [UInt8] = []

    /// The packed form of a template.
    static func encode(_ program: TemplateProgram) -> [UInt8] {
        var encoder = ProgramEncoder()
        for shift in stride(from: 0, to: 64, by: 8) {
            encoder.bytes.append(UInt8(truncatingIfNeeded: ProgramLimits.signature >> UInt64(shift)))
        }
        encoder.bytes.append(program.argumentsForm.rawValue)
        encoder.put(program.statements)
        return encoder.bytes
    }

    private mutating func put(_ statements: [Statement]) {
        put(number: statements.count)
        for statement in statements { put(statement) }
    }

    private mutating func put(_ statement: Statement) {
        switch statement.kind {
        case .text(let text):
            begin(.text, statement.position)
            put(text)
        case .output(let value):
            begin(.output, statement.position)
            put(value)
        case .loop(let loop):
            begin(.loop, statement.position)
            put(loop.targets)
            put(loop.iterable)
            put(loop.filter)
            put(loop.body)
            put(loop.otherwise)
            put(number: loop.isRecursive ? 1 : 0)
        case .conditional(let branches, let otherwise):
            begin(.conditional, statement.position)
            put(number: branches.count)
            for branch in branches {
                put(branch.condition)
                put(branch.body)
            }
            put(otherwise)
        case .assign(let targets, let value):
            begin(.assign, statement.position)
            put(targets)
            put(value)
        case .assignAttribute(let namespace, let name, let value):
            begin(.assignAttribute, statement.position)
            put(namespace)
            put(name)
            put(value)
        case .capture(let name, let body):
            begin(.capture, statement.position)
            put(name)
            put(body)
        case .with(let assignments, let body):
            begin(.with, statement.position)
            put(assignments)
            put(body)
        case .macro(let name, let macro):
            begin(.macro, statement.position)
            put(name)
            put(number: macro.parameters.count)
            for parameter in macro.parameters {
                put(parameter.name)
                put(parameter.standard)
            }
            put(number: Int(macro.uses.rawValue))
            put(macro.body)
        case .breakLoop: begin(.breakLoop, statement.position)
        case .continueLoop: begin(.continueLoop, statement.position)
        }
    }

    private mutating func put(_ expression: Expression?) {
        put(number: expression == nil ? 0 : 1)
        if let expression { put(expression) }
    }

    private mutating func put(_ expression: Expression) {
        let place = expression.position
        switch expression.kind {
        case .none: begin(.none, place)
        case .boolean(let truth):
            begin(.boolean, place)
            put(number: truth ? 1 : 0)
        case .integer(let value):
            begin(.integer, place)
            put(bits: UInt64(bitPattern: Int64(value)))
        case .float(let value):
            begin(.float, place)
            put(bits: value.bitPattern)
        case .text(let text):
            begin(.string, place)
            put(text)
        case .name(let name):
            begin(.name, place)
            put(name)
        case .list(let elements):
            begin(.list, place)
            put(elements)
        case .tuple(let elements):
            begin(.tuple, place)
            put(elements)
        case .dictionary(let entries):
            begin(.dictionary, place)
            put(number: entries.count)
            for entry in entries {
                put(entry.key)
                put(entry.value)
            }
        default: putOperation(expression)
        }
    }

    private mutating func putOperation(_ expression: Expression) {
        let place = expression.position
        switch expression.kind {
        case .attribute(let value, let name):
            begin(.attribute, place)
            put(value)
            put(name)
        case .item(let value, let key):
            begin(.item, place)
            put([value, key])
        case .slice(let value, let start, let stop, let step):
            begin(.slice, place)
            put(value)
            for part in [start, stop, step] { put(part) }
        case .call(let value, let arguments):
            begin(.call, place)
            put(value)
            put(arguments)
        case .filter(let value, let name, let arguments):
            begin(.filter, place)
            put(value)
            put(name.rawValue)
            put(arguments)
        case .test(let value, let name, let arguments):
            begin(.test, place)
            put(value)
            put(name.rawValue)
            put(arguments)
        case .not(let value):
            begin(.not, place)
            put(value)
        case .negate(let value):
            begin(.negate, place)
            put(value)
        case .binary(let operation, let left, let right):
            begin(.binary, place)
            put(operation.rawValue)
            put([left, right])
        case .conditional(let then, let condition, let otherwise):
            begin(.choice, place)
            put([then, condition])
            put(otherwise)
        default: preconditionFailure("an expression without operands reached putOperation")
        }
    }

    private mutating func put(_ arguments: Arguments) {
        put(arguments.positional)
        put(arguments.named)
    }

    private mutating func put(_ named: [Arguments.Named]) {
        put(number: named.count)
        for argument in named {
            put(argument.name)
            put(argument.value)
        }
    }

    private mutating func put(_ names: [String]) {
        put(number: names.count)
        for name in names { put(name) }
    }

    private mutating func put(_ expressions: [Expression]) {
        put(number: expressions.count)
        for expression in expressions { put(expression) }
    }

    private mutating func begin(_ tag: ProgramTag, _ position: SourcePosition) {
        bytes.append(tag.rawValue)
        put(number: position.line)
        put(number: position.column)
    }

    private mutating func put(_ text: String) { put(Array(text.utf8)) }

    private mutating func put(_ text: [UInt8]) {
        put(number: text.count)
        bytes.append(contentsOf: text)
    }

    private mutating func put(number: Int) { put(bits: UInt64(number)) }

    private mutating func put(bits: UInt64) {
        var rest = bits
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
