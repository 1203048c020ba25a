// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The answer to a request for tokens.
package struct TokenList: Hashable, Sendable {
    /// In the order of the text.
    package var tokens: [GeneratedToken]
    /// How many tokens each message adds; nil where the request was no conversation.
    package var messageTokens: [Int]?
    /// Whether each token's text stands beside its number.
    package var tellsTexts: Bool

    /// A list as given.
    package init(tokens: [GeneratedToken], messageTokens: [Int]?, tellsTexts: Bool) {
        self.tokens = tokens
        self.messageTokens = messageTokens
        self.tellsTexts = tellsTexts
    }

    /// The JSON text.
    package var json: [UInt8] {
        var text = JSONText(reserving: 64 + 8 * tokens.count)
        text.append(literal: "{\"count\":")
        text.append(number: tokens.count)
        text.append(literal: ",\"tokens\":[")
        for (place, token) in tokens.enumerated() {
            if place > 0 { text.append(literal: ",") }
            text.append(number: Int(token.id))
        }
        text.append(literal: "]")
        if tellsTexts {
            text.append(literal: ",\"token_strs\":[")
            for (place, token) in tokens.enumerated() {
                if place > 0 { text.append(literal: ",") }
                text.append(string: token.text)
            }
            text.append(literal: "]")
        }
        if let messageTokens {
            text.append(literal: ",\"message_tokens\":[")
            // -1: the template cannot render a conversation that ends there.
            text.append(raw: messageTokens.map { $0 < 0 ? "null" : String($0) }.joined(separator: ","))
            text.append(literal: "]")
        }
        text.append(literal: "}")
        return text.bytes
    }
}
