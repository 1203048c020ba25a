// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What a descriptor in the keeper's readiness list belongs to.
enum ReadinessSource: Hashable {
    case listener, signals, directory
    case connection(UInt64)
    case templateChannel(TemplateID)
    case templateProcess(TemplateID)
    case instanceProcess(InstanceID)
    case instanceMessages(InstanceID)
    /// A `SeccompNotifier` by its number.
    case calls(UInt64)
    case trial
}

/// Keys of the readiness list. A key is never used twice, so a late event of something closed finds nothing.
struct ReadinessKeys {
    private var sources: [UInt64: ReadinessSource] = [:]
    private var keys: [ReadinessSource: UInt64] = [:]
    private var next: UInt64 = 1

    /// A fresh key for `source`; an older one of the same source is released.
    mutating func make(_ source: ReadinessSource) -> UInt64 {
        release(source)
        defer { next += 1 }
        sources[next] = source
        keys[source] = next
        return next
    }

    /// nil for keys that were released.
    func source(of key: UInt64) -> ReadinessSource? {
        sources[key]
    }

    mutating func release(_ source: ReadinessSource) {
        guard let key = keys.removeValue(forKey: source) else { return }
        sources[key] = nil
    }
}
