// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The node's metrics for whoever collects them. Nothing here wakes or keeps a model.
extension NodeSnapshot {
    /// All of them in Prometheus' text format.
    func metricsText(_ metrics: NodeMetrics) -> String {
        var text = MetricsText()
        addStarts(metrics, &text)
        addPresent(&text)
        addTotals(metrics, &text)
        return text.text
    }

    private func addStarts(_ metrics: NodeMetrics, _ text: inout MetricsText) {
        let name = "deepflow_instance_start_seconds"
        text.begin(name, .histogram, "Time that each stage of an instance's start took.")
        for (model, histograms) in metrics.starts.sorted(by: { $0.key < $1.key }) {
            for (stage, histogram) in zip(StartStages.names, histograms) {
                text.add(name, [("model", model), ("stage", stage)], histogram)
            }
        }
    }

    private func addPresent(_ text: inout MetricsText) {
        text.begin("deepflow_instances", .gauge, "Instances by model and state.")
        var counts: [String: [String: Int]] = [:]
        for instance in pool.summaries(configuration, privateBytes: { _ in nil }) {
            counts[instance.model.text, default: [:]][instance.state.rawValue, default: 0] += 1
        }
        for (model, states) in counts.sorted(by: { $0.key < $1.key }) {
            for (state, count) in states.sorted(by: { $0.key < $1.key }) {
                text.add("deepflow_instances", [("model", model), ("state", state)], count)
            }
        }
        text.begin("deepflow_templates", .gauge, "Templates of models.")
        text.add("deepflow_templates", [], pool.templates.livingCount)
        text.begin("deepflow_prewarmed_templates", .gauge, "Templates that wait for a model.")
        text.add("deepflow_prewarmed_templates", [], keeper.prewarmedTemplates)
        text.begin("deepflow_tasks_active", .gauge, "Tasks that instances have or will get.")
        text.add("deepflow_tasks_active", [], pool.tasks.activeCount)
        text.begin("deepflow_tasks_waiting", .gauge, "Tasks without an instance by model.")
        for (model, count) in waitingByModel.sorted(by: { $0.key < $1.key }) {
            text.add("deepflow_tasks_waiting", [("model", model)], count)
        }
    }

    private var waitingByModel: [String: Int] {
        pool.waiting.entries.reduce(into: [:]) { $0[$1.name.text, default: 0] += 1 }
    }

    private func addTotals(_ metrics: NodeMetrics, _ text: inout MetricsText) {
        text.begin("deepflow_instance_ends_total", .counter, "Instances that ended by how.")
        for end in NodeMetrics.End.allCases {
            text.add("deepflow_instance_ends_total", [("how", end.rawValue)], metrics.ends[end] ?? 0)
        }
        text.begin("deepflow_denied_calls_total", .counter, "System calls that the sandbox denied, of this keeper.")
        text.add("deepflow_denied_calls_total", [], keeper.deniedCalls)
        text.begin("deepflow_keeper_attached", .gauge, "Whether a keeper is attached.")
        text.add("deepflow_keeper_attached", [], keeper.isAttached ? 1 : 0)
    }
}
