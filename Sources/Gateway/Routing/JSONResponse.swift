// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import ServingModel

/// Values as answers.
enum JSONResponse {
    static func make(_ value: some Encodable, job: JobID? = nil) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return make(json: Array(try encoder.encode(value)), job: job)
    }

    /// JSON text that is written already.
    static func make(json: [UInt8], job: JobID? = nil) -> Response {
        var headers = HTTPFields([HTTPField(name: .contentType, value: "application/json; charset=utf-8")])
        if let job { headers[JobHeader.name] = job.description }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}
