// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import JSONReading

/// Settings from `config.json`, found through a family's table.
struct HuggingFaceMetadata: FamilyMetadata {
    private let configuration: JSONValue
    private let names: HuggingFaceNames
    private let derived: [String: JSONValue]

    /// The settings of a model of the family that the table is of.
    ///
    /// - Parameter pooling: the settings of an embedding model for how a text's vectors become one; nil where it is none.
    init(_ configuration: JSONValue, pooling: JSONValue? = nil, names: HuggingFaceNames) {
        self.configuration = configuration
        self.names = names
        var settings = Self.standard(configuration, names).merging(names.derived(configuration)) { _, family in family }
        if let kind = pooling.flatMap(Self.pooling) { settings["pooling_type"] = .integer(kind) }
        derived = settings
    }

    /// GGUF's numbers for the ways to pool that are built in.
    private static let poolings = [
        "pooling_mode_mean_tokens": 1, "pooling_mode_cls_token": 2, "pooling_mode_lasttoken": 3,
    ]

    /// GGUF's number for how an embedding model pools; nil where it does not say.
    private static func pooling(_ settings: JSONValue) -> Int? {
        poolings.first { settings[$0.key]?.boolean == true }?.value
    }

    /// Whether an embedding model pools in one way that is built in.
    static func checkPooling(_ settings: JSONValue?) throws(PackError) {
        guard let settings else { return }
        guard case .object(let members) = settings else {
            throw .inconsistent("1_Pooling/config.json is no object")
        }
        let chosen = members.filter { $0.name.hasPrefix("pooling_mode_") && $0.value.boolean == true }.map(\.name)
        if chosen.count > 1 || chosen.contains(where: { poolings[$0] == nil }) {
            throw .unsupportedProperty("pooling by \(chosen.sorted().joined(separator: " and "))")
        }
    }

    /// A member of `config.json` by its path, `rope_scaling.factor`.
    static func member(_ path: String, of configuration: JSONValue) -> JSONValue? {
        var value: JSONValue? = configuration
        for name in path.split(separator: ".") { value = value?[String(name)] }
        return value
    }

    func integer(ifPresent key: String) throws(PackError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.number, let integer = Int(exactly: number) else {
            throw wrongType(key, expected: "a whole number")
        }
        return integer
    }

    func float(ifPresent key: String) throws(PackError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.number else { throw wrongType(key, expected: "a number") }
        return number
    }

    func string(_ key: String) throws(PackError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.text else { throw wrongType(key, expected: "a text") }
        return text
    }

    func boolean(_ key: String) throws(PackError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let truth = value.boolean else { throw wrongType(key, expected: "true or false") }
        return truth
    }

    func flags(ifPresent key: String) throws(PackError) -> [Bool]? {
        guard let value = value(key) else { return nil }
        guard let list = value.list else { return nil }
        var flags: [Bool] = []
        for element in list {
            switch element {
            case .boolean(let truth): flags.append(truth)
            case .integer(let number): flags.append(number != 0)
            default: throw wrongType(key, expected: "a list of truth values")
            }
        }
        return flags
    }

    func missing(_ key: String) -> PackError {
        .inconsistent("config.json has no \(memberName(key))")
    }

    private func value(_ key: String) -> JSONValue? {
        if let value = derived[key] { return value == .null ? nil : value }
        for path in names.settings[key] ?? [] {
            if let value = Self.member(path, of: configuration) { return value }
        }
        return nil
    }

    private func wrongType(_ key: String, expected: String) -> PackError {
        .inconsistent("\(memberName(key)) of config.json is not \(expected)")
    }

    private func memberName(_ key: String) -> String {
        let known = names.settings[key] ?? []
        let found = known.first { Self.member($0, of: configuration) != nil } ?? known.last
        return "'\(found ?? key)'"
    }

    /// Settings that decoders compute from several members.
    private static func standard(_ configuration: JSONValue, _ names: HuggingFaceNames) -> [String: JSONValue] {
        var settings = RotaryFactors.settings(configuration, names)
        if let kinds = configuration["layer_types"]?.list {
            let known: [String: JSONValue] = [
                "sliding_attention": .boolean(true), "full_attention": .boolean(false),
            ]
            // A kind that is not known stays as it is, and is no truth value.
            settings["attention.sliding_window_pattern"] = .list(kinds.map { known[$0.text ?? ""] ?? $0 })
        }
        let share =
            member("rope_parameters.partial_rotary_factor", of: configuration)
            ?? configuration["partial_rotary_factor"]
        if let share = share?.number, let size = headSize(configuration) {
            settings["rope.dimension_count"] = .fraction((size * share).rounded(.down))
        }
        return settings
    }

    private static func headSize(_ configuration: JSONValue) -> Double? {
        if let size = configuration["head_dim"]?.number { return size }
        guard let width = configuration["hidden_size"]?.number,
            let heads = configuration["num_attention_heads"]?.number,
            heads > 0
        else { return nil }
        return (width / heads).rounded(.down)
    }
}
