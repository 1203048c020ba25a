// SPDX-License-Identifier: Apache-2.0

/// The operations of a program as the ranks use them, some thousand times a second each.
///
/// A protocol's value, or an object of an array, is copied before it is used, and its references are counted; ranks that
/// count those of one object wait for each other with every tile. Entries are objects that the table keeps and ranks use
/// without counting.
final class OperationTable {
    /// One entry; `Entry` is the only kind there is.
    fileprivate class AnyEntry {
        func cut(in step: TransformerStep) -> Int { preconditionFailure("an entry has an operation") }
        func run(_ tile: Int, in step: TransformerStep, rank: Int) { preconditionFailure("an entry has an operation") }
        var usesBuffers: Bool { preconditionFailure("an entry has an operation") }
        func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {
            preconditionFailure("an entry has an operation")
        }
    }

    private final class Entry<Operation: TransformerOperation>: AnyEntry {
        private let operation: Operation

        init(_ operation: Operation) { self.operation = operation }

        override func cut(in step: TransformerStep) -> Int { operation.cut(in: step) }
        override func run(_ tile: Int, in step: TransformerStep, rank: Int) {
            operation.run(tile, in: step, rank: rank)
        }
        override var usesBuffers: Bool { operation.usesBuffers }
        override func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {
            operation.deliver(tile, in: step, rank: rank)
        }
    }

    private var entries: [Unmanaged<AnyEntry>] = []

    deinit {
        for entry in entries { entry.release() }
    }

    var count: Int { entries.count }

    /// Adds an operation behind those that there are.
    func append(_ operation: some TransformerOperation) {
        entries.append(Unmanaged.passRetained(Entry(operation)))
    }

    /// As `TransformerOperation.cut`.
    func cut(_ operation: Int, in step: TransformerStep) -> Int {
        entries[operation]._withUnsafeGuaranteedRef { $0.cut(in: step) }
    }

    /// As `TransformerOperation.run`.
    func run(_ tile: Int, of operation: Int, in step: TransformerStep, rank: Int) {
        entries[operation]._withUnsafeGuaranteedRef { $0.run(tile, in: step, rank: rank) }
    }

    /// As `TransformerOperation.usesBuffers`.
    func usesBuffers(_ operation: Int) -> Bool { entries[operation]._withUnsafeGuaranteedRef { $0.usesBuffers } }

    /// As `TransformerOperation.deliver`.
    func deliver(_ tile: Int, of operation: Int, in step: TransformerStep, rank: Int) {
        entries[operation]._withUnsafeGuaranteedRef { $0.deliver(tile, in: step, rank: rank) }
    }
}
