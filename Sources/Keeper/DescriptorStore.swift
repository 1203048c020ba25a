// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages

/// Descriptors that the keeper holds for its daemon, by key, so that the memory behind them outlives the daemon. What they
/// are is the daemon's affair.
struct DescriptorStore {
    /// Most descriptors, far below what a process may have open.
    static let limit = 512

    private var held: [DescriptorKey: SharedDescriptor] = [:]

    /// All of them, by key, so that every daemon is told in the same order.
    var all: [(key: DescriptorKey, value: SharedDescriptor)] {
        held.sorted { $0.key.text < $1.key.text }
    }

    /// Holds a descriptor in the place of an earlier one with this key; the answer to the order.
    mutating func hold(_ key: DescriptorKey, _ descriptor: SharedDescriptor?) -> FromKeeper {
        guard let descriptor else { return .notHeld(key, message: "the order came without a descriptor") }
        guard held[key] != nil || held.count < Self.limit else {
            return .notHeld(key, message: "the keeper holds \(Self.limit) already")
        }
        held[key] = descriptor
        return .held(key)
    }

    /// Closes the descriptor with this key, if there is one.
    mutating func release(_ key: DescriptorKey) {
        held[key] = nil
    }
}
