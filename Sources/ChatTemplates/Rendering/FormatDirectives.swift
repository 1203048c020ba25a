// SPDX-License-Identifier: Apache-2.0

/// Texts with places that values are put into.
extension TextOperations {
    /// One `%...` of a format.
    private struct Directive {
        var name: String?
        var flags: Set<UInt8> = []
        var width = 0
        var precision: Int?
        var kind: UInt8 = 0
    }

    /// `format % value`, with the conversions `s`, `r`, `d`, `i`, `f`, `x` and `%`.
    func formatted(
        _ format: MarkedText, with value: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        var result = MarkedText()
        var values = [value][...]
        if case .sequence(let sequence) = value, sequence.isTuple { values = sequence.elements[...] }
        var index = 0
        while let percent = format.firstOffset(of: [UInt8(ascii: "%")], from: index) {
            result.append(format.part(index..<percent))
            index = percent + 1
            let directive = try directive(in: format, at: &index, place)
            if directive.kind == UInt8(ascii: "%") {
                result.append(MarkedText("%", .template))
                continue
            }
            var given: TemplateValue?
            if let name = directive.name {
                if case .mapping(let mapping) = value { given = mapping[Array(name.utf8)] }
                values = []
            } else {
                given = values.popFirst()
            }
            guard let given else { throw .rendering("a format has more places than values", place) }
            result.append(try converted(given, directive, place))
            try budget.checkSize(result.bytes.count, place)
            try budget.charge(1, place)
        }
        result.append(format.part(index..<format.bytes.count))
        if case .mapping = value { return result }
        guard values.isEmpty else { throw .rendering("a format has fewer places than values", place) }
        return result
    }

    private func directive(
        in format: MarkedText, at index: inout Int, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Directive {
        var result = Directive()
        let bytes = format.bytes
        if index < bytes.count, bytes[index] == UInt8(ascii: "("), let end = bytes[index...].firstIndex(of: 0x29) {
            result.name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
            index = end + 1
        }
        while index < bytes.count, "-+ 0#".utf8.contains(bytes[index]) {
            result.flags.insert(bytes[index])
            index += 1
        }
        func digits() -> Int {
            var number = 0
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
                number = min(1_000_000, number * 10 + Int(bytes[index] - 0x30))
                index += 1
            }
            return number
        }
        result.width = digits()
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            result.precision = digits()
        }
        guard index < bytes.count else { throw .rendering("a format ends within a place", place) }
        result.kind = bytes[index]
        index += 1
        return result
    }

    private func converted(
        _ value: TemplateValue, _ directive: Directive, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        var text: MarkedText
        switch directive.kind {
        case UInt8(ascii: "s"):
            text = try values.printed(value, place)
            if let most = directive.precision, text.characterOffsets.count - 1 > most {
                text = text.part(0..<text.characterOffsets[most])
            }
        case UInt8(ascii: "r"):
            var writer = ValueWriter(values, place)
            try writer.put(value)
            text = writer.output
        case UInt8(ascii: "d"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "x"):
            guard let number = value.number, let whole = Int(exactly: number.rounded(.towardZero)) else {
                throw .rendering("a format wants a number, not \(value.kindName)", place)
            }
            let digits = String(value.wholeNumber ?? whole, radix: directive.kind == UInt8(ascii: "x") ? 16 : 10)
            text = MarkedText(signed(digits, directive), .template)
        case UInt8(ascii: "f"):
            guard let number = value.number, directive.precision ?? 0 <= 15 else {
                throw .rendering("a format wants a number, not \(value.kindName)", place)
            }
            text = MarkedText(signed(NumberText.fixed(number, digits: directive.precision ?? 6), directive), .template)
        default: throw .rendering("a format has an unknown conversion", place)
        }
        let padding = directive.flags.contains(UInt8(ascii: "-")) ? MethodName.ljust : .rjust
        let fills = directive.flags.contains(UInt8(ascii: "0")) && directive.kind != UInt8(ascii: "s")
        let arguments = CallArguments(positional: [.integer(directive.width)])
        return try textMethod(fills ? .zfill : padding, of: text, arguments, place).text ?? text
    }

    private func signed(_ digits: String, _ directive: Directive) -> String {
        guard !digits.hasPrefix("-") else { return digits }
        if directive.flags.contains(UInt8(ascii: "+")) { return "+" + digits }
        return directive.flags.contains(UInt8(ascii: " ")) ? " " + digits : digits
    }

    /// `text.format(...)`, with places that are empty, numbers or names, and no layout of their own.
    func filled(
        _ format: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        var result = MarkedText()
        var next = 0
        var index = 0
        let bytes = format.bytes
        while index < bytes.count {
            let start = index
            while index < bytes.count, bytes[index] != UInt8(ascii: "{"), bytes[index] != UInt8(ascii: "}") {
                index += 1
            }
            result.append(format.part(start..<index))
            guard index < bytes.count else { break }
            if index + 1 < bytes.count, bytes[index + 1] == bytes[index] {
                result.append(format.part(index..<index + 1))
                index += 2
                continue
            }
            guard bytes[index] == UInt8(ascii: "{"), let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else {
                throw .rendering("a format has a bracket without its other half", place)
            }
            let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
            index = end + 1
            let number = name.isEmpty ? next : Int(name)
            if name.isEmpty { next += 1 }
            let value = number.map { arguments.positional.indices.contains($0) ? arguments.positional[$0] : nil }
            guard let value = value ?? arguments.named[name] else {
                throw .rendering("a format has no value for '{\(name)}'", place)
            }
            result.append(try values.printed(value, place))
            try budget.checkSize(result.bytes.count, place)
            try budget.charge(1, place)
        }
        return result
    }
}
