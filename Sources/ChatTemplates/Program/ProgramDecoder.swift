// SPDX-License-Identifier: Apache-2.0

/// Reads a packed template back. The bytes may hold anything: counts are bounded by the bytes that are left, depth by
/// `ProgramLimits`, and names must be those that are built in.
struct ProgramDecoder {
    private let bytes: UnsafeRawBufferPointer
    private var position = 9
    private var depth = 0

    /// A packed template.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(ChatTemplateError) -> TemplateProgram {
        guard bytes.count >= 9, bytes.count <= ProgramLimits.programSize,
            UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) == ProgramLimits.signature
        else { throw .damagedProgram("header") }
        guard let argumentsForm = ToolArgumentsForm(rawValue: bytes[8]) else { throw .damagedProgram("header") }
        var decoder = ProgramDecoder(bytes: bytes)
        let statements = try decoder.statements()
        guard decoder.position == bytes.count else { throw .damagedProgram("end") }
        return TemplateProgram(argumentsForm: argumentsForm, statements: statements)
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private mutating func statements() throws(ChatTemplateError) -> [Statement] {
        try enter()
        defer { depth -= 1 }
        var result: [Statement] = []
        for _ in 0..<(try count()) { result.append(try statement()) }
        return result
    }

    private mutating func statement() throws(ChatTemplateError) -> Statement {
        let (tag, place) = try begin()
        let kind: Statement.Kind
        switch tag {
        case .text: kind = .text(try text())
        case .output: kind = .output(try expression())
        case .loop: kind = .loop(try loop())
        case .conditional: kind = try conditional()
        case .assign: kind = .assign(try targets(), try expression())
        case .assignAttribute:
            kind = .assignAttribute(namespace: try name(), name: try name(), try expression())
        case .capture: kind = .capture(try name(), try statements())
        case .with: kind = .with(try named(), try statements())
        case .macro: kind = .macro(try name(), try macro())
        case .breakLoop: kind = .breakLoop
        case .continueLoop: kind = .continueLoop
        default: throw .damagedProgram("statement")
        }
        return Statement(position: place, kind: kind)
    }

    private mutating func macro() throws(ChatTemplateError) -> Statement.Macro {
        var parameters: [Statement.Macro.Parameter] = []
        for _ in 0..<(try count()) {
            parameters.append(Statement.Macro.Parameter(name: try name(), standard: try optional()))
        }
        let uses = Statement.Macro.Uses(rawValue: UInt8(truncatingIfNeeded: try number()))
        return Statement.Macro(parameters: parameters, uses: uses, body: try statements())
    }

    private mutating func loop() throws(ChatTemplateError) -> Statement.Loop {
        Statement.Loop(
            targets: try targets(), iterable: try expression(), filter: try optional(), body: try statements(),
            otherwise: try statements(), isRecursive: try number() != 0)
    }

    /// Names that take a value, at least one.
    private mutating func targets() throws(ChatTemplateError) -> [String] {
        var targets: [String] = []
        for _ in 0..<(try count()) { targets.append(try name()) }
        guard !targets.isEmpty else { throw .damagedProgram("assignment") }
        return targets
    }

    private mutating func conditional() throws(ChatTemplateError) -> Statement.Kind {
        var branches: [Statement.Branch] = []
        for _ in 0..<(try count()) {
            branches.append(Statement.Branch(condition: try expression(), body: try statements()))
        }
        return .conditional(branches, otherwise: try statements())
    }

    private mutating func optional() throws(ChatTemplateError) -> Expression? {
        switch try number() {
        case 0: return nil
        case 1: return try expression()
        default: throw .damagedProgram("expression")
        }
    }

    private mutating func expression() throws(ChatTemplateError) -> Expression {
        try enter()
        defer { depth -= 1 }
        let (tag, place) = try begin()
        let kind: Expression.Kind
        switch tag {
        case .none: kind = .none
        case .boolean: kind = .boolean(try number() != 0)
        case .integer: kind = .integer(Int(Int64(bitPattern: try number())))
        case .float: kind = .float(Double(bitPattern: try number()))
        case .string: kind = .text(try text())
        case .name: kind = .name(try name())
        case .list: kind = .list(try expressions())
        case .tuple: kind = .tuple(try expressions())
        case .dictionary: kind = .dictionary(try entries())
        default: kind = try operation(tag)
        }
        return Expression(position: place, kind: kind)
    }

    private mutating func operation(_ tag: ProgramTag) throws(ChatTemplateError) -> Expression.Kind {
        switch tag {
        case .attribute: return .attribute(try expression(), try name())
        case .item:
            let (value, key) = try pair()
            return .item(value, key)
        case .slice:
            return .slice(try expression(), start: try optional(), stop: try optional(), step: try optional())
        case .call: return .call(try expression(), try arguments())
        case .filter: return .filter(try expression(), try known(), try arguments())
        case .test: return .test(try expression(), try known(), try arguments())
        case .not: return .not(try expression())
        case .negate: return .negate(try expression())
        case .binary:
            let operation: BinaryOperator = try known()
            let (left, right) = try pair()
            return .binary(operation, left, right)
        case .choice:
            let (then, condition) = try pair()
            return .conditional(then: then, condition: condition, otherwise: try optional())
        default: throw .damagedProgram("expression")
        }
    }

    private mutating func pair() throws(ChatTemplateError) -> (Expression, Expression) {
        let parts = try expressions()
        guard parts.count == 2 else { throw .damagedProgram("operator") }
        return (parts[0], parts[1])
    }

    private mutating func expressions() throws(ChatTemplateError) -> [Expression] {
        var result: [Expression] = []
        for _ in 0..<(try count()) { result.append(try expression()) }
        return result
    }

    private mutating func entries() throws(ChatTemplateError) -> [Expression.Entry] {
        var result: [Expression.Entry] = []
        for _ in 0..<(try count()) {
            result.append(Expression.Entry(key: try expression(), value: try expression()))
        }
        return result
    }

    private mutating func arguments() throws(ChatTemplateError) -> Arguments {
        Arguments(positional: try expressions(), named: try named())
    }

    private mutating func named() throws(ChatTemplateError) -> [Arguments.Named] {
        var result: [Arguments.Named] = []
        for _ in 0..<(try count()) {
            result.append(Arguments.Named(name: try name(), value: try expression()))
        }
        return result
    }

    private mutating func known<Name: RawRepresentable<String>>() throws(ChatTemplateError) -> Name {
        guard let name = Name(rawValue: try name()) else { throw .damagedProgram("name") }
        return name
    }

    private mutating func begin() throws(ChatTemplateError) -> (ProgramTag, SourcePosition) {
        guard position < bytes.count, let tag = ProgramTag(rawValue: bytes[position]) else {
            throw .damagedProgram("node")
        }
        position += 1
        let line = Int(truncatingIfNeeded: try number() & 0xFFFF_FFFF)
        let column = Int(truncatingIfNeeded: try number() & 0xFFFF_FFFF)
        return (tag, SourcePosition(line: line, column: column))
    }

    private mutating func name() throws(ChatTemplateError) -> String {
        guard let name = String(validating: try text(), as: UTF8.self) else { throw .damagedProgram("name") }
        return name
    }

    private mutating func text() throws(ChatTemplateError) -> [UInt8] {
        let size = try count()
        defer { position += size }
        return Array(bytes[position..<position + size])
    }

    /// A count of things that take at least one byte each.
    private mutating func count() throws(ChatTemplateError) -> Int {
        let value = try number()
        guard value <= UInt64(bytes.count - position) else { throw .damagedProgram("size") }
        return Int(value)
    }

    private mutating func number() throws(ChatTemplateError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < bytes.count else { throw .damagedProgram("number") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw .damagedProgram("number")
    }

    private mutating func enter() throws(ChatTemplateError) {
        depth += 1
        guard depth <= 2 * ProgramLimits.depth else { throw .damagedProgram("nesting") }
    }
}
