// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The node's metrics for whoever collects them. Nothing here wakes or keeps a model.
extension NodeService {
    /// All of them in Prometheus' text format.
    func metricsText() -> String {
        var text = MetricsText()
        addStarts(&text)
        addPresent(&text)
        addTotals(&text)
        return text.text
    }

    private func addStarts(_ text: inout MetricsText) {
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
        for instance in pool.instances.values {
            counts[instance.model.name.text, default: [:]][instance.state.rawValue, default: 0] += 1
        }
        for (model, states) in counts.sorted(by: { $0.key < $1.key }) {
            for (state, count) in states.sorted(by: { $0.key < $1.key }) {
                text.add("deepflow_instances", [("model", model), ("state", state)], count)
            }
        }
        let templates = pool.templates.templates.values.count { $0.phase != .ended }
        text.begin("deepflow_templates", .gauge, "Templates of models.")
        text.add("deepflow_templates", [], templates)
        text.begin("deepflow_prewarmed_templates", .gauge, "Templates that wait for a model.")
        text.add("deepflow_prewarmed_templates", [], link.prewarmedTemplates)
        text.begin("deepflow_tasks_active", .gauge, "Tasks that instances have or will get.")
        text.add("deepflow_tasks_active", [], tasks.values.count { !$0.isOver })
        text.begin("deepflow_tasks_waiting", .gauge, "Tasks without an instance by model.")
        for (model, waiting) in pool.waiting.sorted(by: { $0.key.name.text < $1.key.name.text }) where !waiting.isEmpty
        {
            text.add("deepflow_tasks_waiting", [("model", model.name.text)], waiting.count)
        }
    }

    private func addTotals(_ text: inout MetricsText) {
        text.begin("deepflow_instance_ends_total", .counter, "Instances that ended by how.")
        for end in NodeMetrics.End.allCases {
            text.add("deepflow_instance_ends_total", [("how", end.rawValue)], metrics.ends[end] ?? 0)
        }
        text.begin("deepflow_denied_calls_total", .counter, "System calls that the sandbox denied, of this keeper.")
        text.add("deepflow_denied_calls_total", [], link.deniedCalls)
        text.begin("deepflow_keeper_attached", .gauge, "Whether a keeper is attached.")
        text.add("deepflow_keeper_attached", [], link.phase == .attached ? 1 : 0)
    }
}
