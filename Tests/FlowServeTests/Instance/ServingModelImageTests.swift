// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import FlowServe

@Suite("Serving model image")
struct ServingModelImageTests {
    @Test("A model is rehearsed without a trace, with and without a chat template", arguments: [true, false])
    func rehearsal(hasTemplate: Bool) throws {
        let model = try TinyServingModel(template: hasTemplate ? TinyServingModel.template : nil)
        let warm = try WarmModel(try ServingModelImage(mapping: model.bytes))
        warm.rehearse()
        warm.rehearse()
        #expect(!warm.runner.isRehearsing)
    }

    @Test("Bytes that are no artefact are refused with a sentence")
    func damaged() throws {
        let model = try TinyServingModel()
        let cut = UnsafeRawBufferPointer(rebasing: model.bytes.dropLast(64))
        let error = #expect(throws: ServingModelImageError.self) { try ServingModelImage(mapping: cut) }
        #expect(error.map { "\($0)" }?.isEmpty == false)
    }
}
