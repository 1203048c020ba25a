// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// Reads one JSON object that names a tool and its arguments, byte by byte, and gives the arguments out as they come.
///
/// `{"name": ..., "arguments": {...}}` in any order, with `parameters` for `arguments`, and with OpenAI's wrapping
/// `{"type": "function", "function": {...}}`. Behind a marker other members are read and forgotten; where the object alone
/// says that it is a call (`isExact`), it is one only without them, since they would be lost.
struct CallObjectReader: Sendable {
    /// What a byte came to.
    enum Step: Equatable {
        case more
        /// The name is known now.
        case named(String)
        /// The object is over; it had a name.
        case done
        /// This is no call.
        case malformed
    }

    private enum State: Equatable {
        case start, key, colon, value, inName, inType, inArguments, inOther, next
    }

    private enum Member { case name, arguments, wrapping, type, identifier, other }

    private let isExact: Bool

    private var state = State.start
    /// Objects that are open: 2 inside a wrapping.
    private var nesting = 0
    private var member = Member.other
    /// The string that is being read, with its quotes.
    private var string: [UInt8] = []
    private var isEscaped = false
    private var isInString = false
    private var depth = 0
    private var isNamed = false
    private var hasArguments = false
    /// Arguments are written as a text, whose escapes are undone as they come.
    private var argumentsAreText = false
    /// The value is a number or one of JSON's words, which ends with what comes behind it.
    private var isScalar = false
    /// Bytes of arguments that nobody took yet.
    private(set) var arguments: [UInt8] = []

    /// A reader before the object; with `isExact` an object that has anything but a call's members is none.
    init(isExact: Bool = false) {
        self.isExact = isExact
    }

    /// The arguments' bytes that came since the last call.
    mutating func takeArguments() -> [UInt8] {
        defer { arguments = [] }
        return arguments
    }

    /// Takes one byte.
    mutating func take(_ byte: UInt8) -> Step {
        switch state {
        case .start: return begin(byte)
        case .key: return takeKey(byte)
        case .colon:
            if AnswerMarkers.isSpace(byte) { return .more }
            guard byte == UInt8(ascii: ":") else { return .malformed }
            state = .value
            return .more
        case .value: return AnswerMarkers.isSpace(byte) ? .more : beginValue(byte)
        case .inName: return takeName(byte)
        case .inType: return takeType(byte)
        case .inArguments, .inOther: return takeValue(byte)
        case .next: return takeNext(byte)
        }
    }

    /// Takes one byte of arguments that stand alone behind their tool's name, in a fence of Markdown or not.
    mutating func takeBare(_ byte: UInt8) -> Step {
        if state == .start {
            guard byte != UInt8(ascii: "{") else {
                state = .inArguments
                hasArguments = true
                return takeValue(byte)
            }
            string.append(byte)
            let isFence = AnswerMarkers.isSpace(byte) || byte == UInt8(ascii: "`") || (0x61...0x7A).contains(byte)
            return isFence && string.count <= 16 ? .more : .malformed
        }
        if takeValue(byte) == .malformed { return .malformed }
        return state == .next ? .done : .more
    }

    private mutating func begin(_ byte: UInt8) -> Step {
        guard byte == UInt8(ascii: "{") else { return .malformed }
        nesting = 1
        state = .key
        return .more
    }

    private mutating func takeKey(_ byte: UInt8) -> Step {
        if string.isEmpty {
            if AnswerMarkers.isSpace(byte) { return .more }
            if byte == UInt8(ascii: "}") { return end() }
            guard byte == UInt8(ascii: "\"") else { return .malformed }
            string = [byte]
            return .more
        }
        guard let key = takeString(byte) else { return .more }
        switch key {
        case "name": member = .name
        case "arguments", "parameters": member = .arguments
        case "function": member = .wrapping
        case "type": member = .type
        case "id": member = .identifier
        default: member = .other
        }
        guard !isExact || member != .other else { return .malformed }
        state = .colon
        return .more
    }

    private mutating func beginValue(_ byte: UInt8) -> Step {
        let isString = byte == UInt8(ascii: "\"")
        isScalar = !isString && byte != UInt8(ascii: "{") && byte != UInt8(ascii: "[")
        switch member {
        case .wrapping where byte == UInt8(ascii: "{") && nesting == 1:
            nesting = 2
            state = .key
            return .more
        case .name where isString && !isNamed, .wrapping where isString && !isNamed:
            string = [byte]
            state = .inName
            return .more
        case .name: return .malformed
        case .arguments where !hasArguments && !isScalar && !(isExact && byte == UInt8(ascii: "[")):
            hasArguments = true
            argumentsAreText = isString
            state = .inArguments
        case .type where isExact && isString:
            string = [byte]
            state = .inType
            return .more
        default:
            guard !isExact || mayStand(byte) else { return .malformed }
            state = .inOther
        }
        isInString = false
        depth = 0
        // The quotes of a text are not part of it.
        return argumentsAreText && state == .inArguments ? .more : takeValue(byte)
    }

    /// Whether a value that is passed over may stand in an object that is exactly a call: an identifier, or no arguments.
    private func mayStand(_ first: UInt8) -> Bool {
        member == .identifier || member == .arguments && !hasArguments && first == UInt8(ascii: "n")
    }

    private mutating func takeType(_ byte: UInt8) -> Step {
        guard let type = takeString(byte) else { return .more }
        state = .next
        return type == "function" ? .more : .malformed
    }

    private mutating func takeName(_ byte: UInt8) -> Step {
        guard let name = takeString(byte) else { return .more }
        guard !name.isEmpty else { return .malformed }
        isNamed = true
        state = .next
        return .named(name)
    }

    /// A byte of a string that was begun; the string where this one ends it.
    private mutating func takeString(_ byte: UInt8) -> String? {
        string.append(byte)
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            defer { string = [] }
            return (try? JSONReader.read(string))?.text ?? ""
        }
        return nil
    }

    private mutating func takeValue(_ byte: UInt8) -> Step {
        let isArguments = state == .inArguments
        if isArguments, argumentsAreText {
            takeText(byte)
            return .more
        }
        if isScalar {
            guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || AnswerMarkers.isSpace(byte) else {
                return .more
            }
            state = .next
            return takeNext(byte)
        }
        // No JSON holds it outside of texts, and every marker that ends calls begins with it: the arguments are cut off.
        if isArguments, !isInString, byte == UInt8(ascii: "<") { return .malformed }
        if isArguments { arguments.append(byte) }
        if isEscaped {
            isEscaped = false
        } else if isInString {
            if byte == UInt8(ascii: "\\") { isEscaped = true }
            if byte == UInt8(ascii: "\"") { isInString = false }
        } else if byte == UInt8(ascii: "\"") {
            isInString = true
        } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            depth += 1
        } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
            depth -= 1
        }
        if depth == 0, !isInString { state = .next }
        return .more
    }

    /// A byte of arguments that are written as a text: given out as what it stands for.
    private mutating func takeText(_ byte: UInt8) {
        if string.isEmpty {
            switch byte {
            case UInt8(ascii: "\""): state = .next
            case UInt8(ascii: "\\"): string = [byte]
            default: arguments.append(byte)
            }
            return
        }
        string.append(byte)
        guard Self.isWholeEscape(string) else { return }
        let quote = [UInt8(ascii: "\"")]
        arguments += (try? JSONReader.read(quote + string + quote))?.text.map { Array($0.utf8) } ?? string
        string = []
    }

    /// Whether a text that begins with a backslash is all of an escape: both halves where it is one of a pair.
    private static func isWholeEscape(_ text: [UInt8]) -> Bool {
        guard text[1] == UInt8(ascii: "u") else { return true }
        guard text.count >= 6 else { return false }
        let isFirstHalf =
            (text[2] | 0x20) == UInt8(ascii: "d") && (UInt8(ascii: "8")...UInt8(ascii: "b")).contains(text[3] | 0x20)
        return !isFirstHalf || text.count >= 12 || text.count > 6 && text[6] != UInt8(ascii: "\\")
    }

    private mutating func takeNext(_ byte: UInt8) -> Step {
        if AnswerMarkers.isSpace(byte) { return .more }
        switch byte {
        case UInt8(ascii: ","):
            state = .key
            return .more
        case UInt8(ascii: "}"): return end()
        default: return .malformed
        }
    }

    private mutating func end() -> Step {
        nesting -= 1
        state = .next
        guard nesting == 0 else { return .more }
        return isNamed ? .done : .malformed
    }
}
