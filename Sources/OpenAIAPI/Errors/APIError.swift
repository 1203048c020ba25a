// SPDX-License-Identifier: Apache-2.0

/// An answer that says what was wrong: a row of the error table with this case's own sentence.
package struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Decides status, type and code.
    package var kind: APIErrorKind
    /// A sentence for a person, with the next step.
    package var message: String
    /// The request's field it is about; nil where it is about none.
    package var parameter: String?
    /// When it makes sense to ask again; nil leaves it to the table.
    package var retryAfterSeconds: Int?

    /// An error of a kind, which also says when to ask again where `retryAfterSeconds` does not.
    package init(_ kind: APIErrorKind, _ message: String, parameter: String? = nil, retryAfterSeconds: Int? = nil) {
        self.kind = kind
        self.message = message
        self.parameter = parameter
        self.retryAfterSeconds = retryAfterSeconds ?? kind.retryAfterSeconds
    }

    /// Code and message, for logs.
    package var description: String { "\(kind.code): \(message)" }

    /// The form in which clients get it.
    package var envelope: ErrorEnvelope {
        ErrorEnvelope(
            error: ErrorEnvelope.Body(message: message, type: kind.type, param: parameter, code: kind.code))
    }
}

/// OpenAI's form of an error, the only one that leaves the gateway.
package struct ErrorEnvelope: Hashable, Sendable, Codable {
    /// The object under `error`.
    package struct Body: Hashable, Sendable, Codable {
        /// A sentence for a person.
        package var message: String
        /// Class of error, as OpenAI names them.
        package var type: String
        /// The request's field it is about; nil where it is about none.
        package var param: String?
        /// Stable word for programs.
        package var code: String?

        /// An error as given.
        package init(message: String, type: String, param: String?, code: String?) {
            self.message = message
            self.type = type
            self.param = param
            self.code = code
        }
    }

    /// What went wrong.
    package var error: Body

    /// An envelope around an error.
    package init(error: Body) {
        self.error = error
    }

    /// One line of JSON with all four keys, `null` included, as OpenAI's servers send them.
    package var json: [UInt8] {
        var text = JSONText()
        text.append(literal: "{\"error\":{\"message\":")
        text.append(string: error.message)
        text.append(literal: ",\"type\":")
        text.append(string: error.type)
        text.append(literal: ",\"param\":")
        text.append(optional: error.param)
        text.append(literal: ",\"code\":")
        text.append(optional: error.code)
        text.append(literal: "}}")
        return text.bytes
    }
}
