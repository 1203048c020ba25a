// SPDX-License-Identifier: Apache-2.0
import Artefacts
import LanguageModels
import TestSupport
import Testing

@Suite("TransformerModel")
struct TransformerModelTests {
    @Test("is made of tied and untied models, in both panel layouts", arguments: [true, false])
    func complete(_ tied: Bool) throws {
        for layout in [KernelLayout.panelF16, .panelF32] {
            _ = try TransformerModel(artefact: TinyModel(layout: layout, tied: tied).artefact)
        }
    }

    @Test("names a tensor that is missing", arguments: [TensorRole.tokenEmbedding, .outputNorm])
    func missing(_ role: TensorRole) throws {
        let model = try TinyModel(leavingOut: .init(role))
        #expect(throws: LanguageModelError.missingTensor(role, layer: 0)) {
            _ = try TransformerModel(artefact: model.artefact)
        }
    }

    @Test(
        "names a tensor of a layer that is missing or has another shape",
        arguments: [
            TensorRole.attentionNorm, .attentionQuery, .attentionKey, .attentionValue, .attentionOutput,
            .feedForwardNorm, .feedForwardGate, .feedForwardUp, .feedForwardDown,
        ])
    func layerTensors(_ role: TensorRole) throws {
        let without = try TinyModel(leavingOut: .init(role, layer: 2))
        #expect(throws: LanguageModelError.missingTensor(role, layer: 2)) {
            _ = try TransformerModel(artefact: without.artefact)
        }
        let altered = try TinyModel(altering: .init(role, layer: 1))
        let error = #expect(throws: LanguageModelError.self) { _ = try TransformerModel(artefact: altered.artefact) }
        guard case .wrongShape(role, layer: 1, _, _, _, _) = error else {
            Issue.record("the error is \(String(describing: error))")
            return
        }
        #expect(error?.description.contains("\(role)") == true)
    }

    @Test("refuses an output matrix of another vocabulary")
    func outputShape() throws {
        let model = try TinyModel(tied: false, altering: .init(.output))
        #expect(
            throws: LanguageModelError.wrongShape(
                .output, layer: 0, rows: 102, columns: 40, expectedRows: 101, expectedColumns: 40)
        ) { _ = try TransformerModel(artefact: model.artefact) }
    }
}
