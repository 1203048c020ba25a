// SPDX-License-Identifier: Apache-2.0
import Foundation
import ServingModel
import Testing

@testable import OpenAIAPI

@Suite("Errors")
struct APIErrorTests {
    @Test("the envelope has OpenAI's four keys")
    func envelope() throws {
        let error = APIError(.contextLengthExceeded, "too \"long\"", parameter: "messages")
        let json = String(decoding: error.envelope.json, as: UTF8.self)
        #expect(
            json == #"{"error":{"message":"too \"long\"","type":"invalid_request_error","#
                + #""param":"messages","code":"context_length_exceeded"}}"#)
        let plain = APIError(.noNode, "none")
        #expect(String(decoding: plain.envelope.json, as: UTF8.self).contains(#""param":null"#))
        #expect(try JSONDecoder().decode(ErrorEnvelope.self, from: Data(plain.envelope.json)) == plain.envelope)
    }

    @Test("the client's mistakes are 4xx, ours 5xx, and whoever may come back is told when")
    func table() {
        for failure in TaskFailure.allCases {
            let kind = APIErrorKind(failure)
            switch failure {
            case .contextLengthExceeded, .invalidRequest: #expect(kind.status == 400)
            case .modelNotFound: #expect(kind.status == 404)
            case .modelReplaced: #expect(kind.status == 409)
            case .instanceLost, .instanceCrashed, .preempted, .startFailed, .overloaded: #expect(kind.status == 503)
            case .internalError: #expect(kind.status == 500)
            }
        }
        for kind in APIErrorKind.allCases where kind.status == 429 || kind.status == 503 {
            #expect(kind.retryAfterSeconds != nil)
        }
        #expect(Set(APIErrorKind.allCases.map(\.code)).count == APIErrorKind.allCases.count)
    }

    @Test("a bare status finds its row", arguments: [400, 403, 404, 405, 409, 413, 415, 429, 500, 503, 507])
    func statuses(status: Int) {
        #expect(APIErrorKind(status: status).status == status)
    }
}
