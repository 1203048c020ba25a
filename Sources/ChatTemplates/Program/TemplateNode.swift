// SPDX-License-Identifier: Apache-2.0

/// A part of a template that is carried out.
struct Statement: Sendable {
    indirect enum Kind: Sendable {
        case text([UInt8])
        case output(Expression)
        case loop(Loop)
        case conditional([Branch], otherwise: [Statement])
        /// One name, or several that take a value apart.
        case assign([String], Expression)
        case assignAttribute(namespace: String, name: String, Expression)
        case capture(String, [Statement])
        /// Names for a body, which see the names around it and not one another.
        case with([Arguments.Named], [Statement])
        case macro(String, Macro)
        case breakLoop
        case continueLoop
    }

    struct Loop: Sendable {
        /// One name, or several that take an element apart.
        let targets: [String]
        let iterable: Expression
        let filter: Expression?
        let body: [Statement]
        let otherwise: [Statement]
        /// Whether the body may run the loop again, for other elements.
        let isRecursive: Bool
    }

    /// A part of a template that is called like a function and comes to its text.
    struct Macro: Sendable {
        struct Parameter: Sendable {
            let name: String
            let standard: Expression?
        }

        /// Names by which a body asks for arguments that no parameter takes.
        struct Uses: OptionSet {
            let rawValue: UInt8

            static let others = Uses(rawValue: 1)
            static let namedOthers = Uses(rawValue: 2)
        }

        let parameters: [Parameter]
        let uses: Uses
        let body: [Statement]
    }

    struct Branch: Sendable {
        let condition: Expression
        let body: [Statement]
    }

    let position: SourcePosition
    let kind: Kind
}

/// A part of a template that has a value.
struct Expression: Sendable {
    indirect enum Kind: Sendable {
        case none
        case boolean(Bool)
        case integer(Int)
        case float(Double)
        case text([UInt8])
        case name(String)
        case list([Expression])
        case tuple([Expression])
        case dictionary([Entry])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, Arguments)
        case filter(Expression, FilterName, Arguments)
        case test(Expression, TestName, Arguments)
        case not(Expression)
        case negate(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case conditional(then: Expression, condition: Expression, otherwise: Expression?)
    }

    struct Entry: Sendable {
        let key: Expression
        let value: Expression
    }

    let position: SourcePosition
    let kind: Kind
}

/// What stands between the parentheses of a call.
struct Arguments: Sendable {
    struct Named: Sendable {
        let name: String
        let value: Expression
    }

    var positional: [Expression] = []
    var named: [Named] = []
}

/// Operators between two values; the raw value is how they are written.
enum BinaryOperator: String, CaseIterable, Sendable {
    case or, and
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in`
    case notIn = "not in"
    case add = "+"
    case subtract = "-"
    case concatenate = "~"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"
    case power = "**"
}
