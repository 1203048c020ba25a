// SPDX-License-Identifier: Apache-2.0

/// Writes values as Python's `repr` and `json.dumps` do. Work and size are counted on the way: a list that holds
/// another one twice, again and again, is short to write down and endless to print.
struct ValueWriter {
    private let values: ValueOperations
    private let place: SourcePosition
    private(set) var output = MarkedText()

    /// A writer that counts on the budget of `values`.
    init(_ values: ValueOperations, _ place: SourcePosition) {
        self.values = values
        self.place = place
    }

    /// Adds a value as it stands in a printed list.
    mutating func put(_ value: TemplateValue) throws(ChatTemplateError) {
        switch value {
        case .undefined: try add("Undefined")
        case .none: try add("None")
        case .boolean(let truth): try add(truth ? "True" : "False")
        case .integer(let value): try add("\(value)")
        case .float(let value): try add(NumberText.float(value))
        case .text(let text): try add(QuotedText.python(text))
        case .sequence(let sequence):
            try values.budget.enter(place)
            defer { values.budget.leave() }
            try add(sequence.isTuple ? "(" : "[")
            for (index, element) in sequence.elements.enumerated() {
                if index > 0 { try add(", ") }
                try put(element)
            }
            try add(sequence.isTuple ? (sequence.elements.count == 1 ? ",)" : ")") : "]")
        case .mapping(let mapping):
            try values.budget.enter(place)
            defer { values.budget.leave() }
            try add("{")
            for (index, entry) in mapping.entries.enumerated() {
                if index > 0 { try add(", ") }
                try put(entry.key)
                try add(": ")
                try put(entry.value)
            }
            try add("}")
        case .namespace: try add("<Namespace>")
        case .loop: try add("<LoopContext>")
        case .macro(let value): try add("<Macro '\(value.name)'>")
        case .function(let name): try add("<function \(name.rawValue)>")
        case .method(let name): try add("<method \(name)>")
        }
    }

    /// How JSON is laid out.
    struct JSONStyle {
        /// What one level is moved in by; nil for one line.
        var indent: MarkedText?
        var betweenItems = ", "
        var afterKey = ": "
        var sortsKeys = false
        var escapesNonASCII = false
    }

    /// Adds a value as JSON.
    mutating func putJSON(
        _ value: TemplateValue, _ style: JSONStyle, level: Int = 0
    ) throws(ChatTemplateError) {
        switch value {
        case .none: try add("null")
        case .boolean(let truth): try add(truth ? "true" : "false")
        case .integer(let value): try add("\(value)")
        case .float(let value): try add(NumberText.jsonFloat(value))
        case .text(let text): try add(QuotedText.json(text, escapesNonASCII: style.escapesNonASCII))
        case .sequence(let sequence):
            try putContainer("[", "]", count: sequence.elements.count, style, level) {
                (writer, index) throws(ChatTemplateError) in
                try writer.putJSON(sequence.elements[index], style, level: level + 1)
            }
        case .mapping(let mapping):
            var entries = mapping.entries
            if style.sortsKeys { entries = try values.sortedByKeys(entries, place) }
            try putContainer("{", "}", count: entries.count, style, level) {
                (writer, index) throws(ChatTemplateError) in
                try writer.putKey(entries[index].key, style)
                try writer.add(style.afterKey)
                try writer.putJSON(entries[index].value, style, level: level + 1)
            }
        case .undefined, .namespace, .loop, .function, .macro, .method:
            throw .rendering("\(value.kindName) cannot be written as JSON", place)
        }
    }

    /// Keys of JSON are strings, also those that were numbers.
    private mutating func putKey(_ key: TemplateValue, _ style: JSONStyle) throws(ChatTemplateError) {
        guard key.text == nil else { return try putJSON(key, style) }
        try add("\"")
        try putJSON(key, style)
        try add("\"")
    }

    private mutating func putContainer(
        _ opening: String, _ closing: String, count: Int, _ style: JSONStyle, _ level: Int,
        _ putItem: (inout ValueWriter, Int) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) {
        try values.budget.enter(place)
        defer { values.budget.leave() }
        try add(opening)
        for index in 0..<count {
            if index > 0 { try add(style.betweenItems) }
            try breakLine(style, level + 1)
            try putItem(&self, index)
        }
        if count > 0 { try breakLine(style, level) }
        try add(closing)
    }

    private mutating func breakLine(_ style: JSONStyle, _ level: Int) throws(ChatTemplateError) {
        guard let indent = style.indent else { return }
        try add("\n")
        for _ in 0..<level { try add(indent) }
    }

    private mutating func add(_ text: String) throws(ChatTemplateError) {
        try add(MarkedText(text, .template))
    }

    private mutating func add(_ text: MarkedText) throws(ChatTemplateError) {
        try values.budget.checkSize(output.bytes.count + text.bytes.count, place)
        try values.budget.charge(1 + text.bytes.count / 64, place)
        output.append(text)
    }
}

extension ValueWriter.JSONStyle {
    /// The style that the arguments of `tojson` ask for.
    init(_ arguments: CallArguments, _ values: ValueOperations, _ place: SourcePosition) throws(ChatTemplateError) {
        escapesNonASCII = arguments.value(0, "ensure_ascii")?.isTrue ?? false
        sortsKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
        if let indent = arguments.value(1, "indent") {
            if let text = indent.text {
                self.indent = text
            } else if let width = indent.wholeNumber {
                guard width <= 64 else { throw .rendering("so wide an indent", place) }
                self.indent = MarkedText(String(repeating: " ", count: max(0, width)), .template)
            }
            if self.indent != nil { betweenItems = "," }
        }
        if let separators = arguments.value(2, "separators"), separators.isTrue {
            let parts = try values.elements(of: separators, place)
            guard parts.count == 2, let items = parts[0].text, let keys = parts[1].text else {
                throw .rendering("'separators' needs two strings", place)
            }
            betweenItems = items.string
            afterKey = keys.string
        }
    }
}
