// SPDX-License-Identifier: Apache-2.0

/// How long each stage of an instance's start took, in microseconds, under the DeepServe paper's names.
///
/// Together they are the time from the decision to start until the instance had answered its first ping. A start that
/// had to start the model's template first has that in it; what is in brackets belongs to such a start alone.
package struct StartStages: Hashable, Sendable, Codable {
    /// From the decision until everything that the process needs was made: control group, channel, KV segment.
    package var scalerPre: Int
    /// A confined process without a model: (exec of the template,) fork and sandbox.
    package var tePreLoad: Int
    /// The model: (its artefact mapped and verified,) KV memory mapped.
    package var teLoad: Int
    /// Ready to compute: (the rehearsal of the child's path,) engine made.
    package var tePostLoad: Int
    /// Until the node had heard its first answer and may give it tasks.
    package var scalerPost: Int

    package init(scalerPre: Int, tePreLoad: Int, teLoad: Int, tePostLoad: Int, scalerPost: Int) {
        self.scalerPre = scalerPre
        self.tePreLoad = tePreLoad
        self.teLoad = teLoad
        self.tePostLoad = tePostLoad
        self.scalerPost = scalerPost
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case scalerPre = "scaler_pre"
        case tePreLoad = "te_pre_load"
        case teLoad = "te_load"
        case tePostLoad = "te_post_load"
        case scalerPost = "scaler_post"
    }

    /// The stages' names, in their order.
    package static let names = CodingKeys.allCases.map(\.rawValue)

    /// The stages by name, in their order.
    package var named: [(name: String, microseconds: Int)] {
        Array(zip(Self.names, [scalerPre, tePreLoad, teLoad, tePostLoad, scalerPost]))
            .map { (name: $0, microseconds: $1) }
    }

    /// The whole start.
    package var total: Int {
        [scalerPre, tePreLoad, teLoad, tePostLoad, scalerPost].reduce(0) { sum, stage in
            let (next, isOver) = sum.addingReportingOverflow(stage)
            return isOver ? .max : next
        }
    }

    /// The same start with the stages of its template's own start before it.
    package func following(_ template: StartStages) -> StartStages {
        StartStages(
            scalerPre: template.scalerPre &+ scalerPre, tePreLoad: template.tePreLoad &+ tePreLoad,
            teLoad: template.teLoad &+ teLoad, tePostLoad: template.tePostLoad &+ tePostLoad,
            scalerPost: template.scalerPost &+ scalerPost)
    }
}
