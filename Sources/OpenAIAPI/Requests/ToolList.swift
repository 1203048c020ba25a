// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// The tools that a model may call: checked here, passed on as they were written.
enum ToolList {
    /// Whether a request offers tools that the model may call.
    static func isOffered(_ fields: RequestFields) throws(APIError) -> Bool {
        let tools = try fields.list("tools", limit: GenerationRequest.Limits.toolCalls, "a list of tools") ?? []
        for (index, tool) in tools.enumerated() {
            try RequestFields.read(tool, path: "tools[\(index)].", check)
        }
        let choice = fields.value("tool_choice")
        if let choice, choice.text != "auto", choice.text != "none" {
            throw fields.unsupported(
                "tool_choice", "can only be 'auto' or 'none': no model can be made to call a tool yet")
        }
        return choice?.text != "none" && !tools.isEmpty
    }

    private static func check(_ tool: RequestFields) throws(APIError) {
        let type = try tool.text("type") ?? "function"
        guard type == "function" else {
            throw tool.unsupported("type", "is '\(type.prefix(64))': only functions can be offered")
        }
        guard try tool.object("function", checkFunction) != nil else {
            throw tool.missing("function", "an object with a 'name'")
        }
    }

    private static func checkFunction(_ function: RequestFields) throws(APIError) {
        guard let name = try function.text("name") else { throw function.missing("name", "a string") }
        guard (1...256).contains(name.utf8.count) else { throw function.invalid("name", "must have 1 to 256 bytes") }
        _ = try function.text("description")
        if try function.flag("strict") ?? false {
            throw function.unsupported(
                "strict", "cannot be true: no model can be held to a schema yet; leave it out or send false")
        }
        if let schema = function.value("parameters") {
            try ToolSchema.check(schema, path: "\(function.path)parameters")
        }
        // Not OpenAI's: transformers describes a function's result by it, and templates print it.
        guard function.value("return").map({ $0.object != nil }) ?? true else {
            throw function.invalid("return", "must be an object")
        }
    }
}
