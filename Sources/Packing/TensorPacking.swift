// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints

/// Writes a checkpoint's tensors into an artefact, 32 rows at a time.
struct TensorPacking {
    /// Called with the bytes of weights that are done and with all of them.
    typealias Progress = (_ done: UInt64, _ total: UInt64) -> Void

    /// Weights between two reports of a large tensor.
    private static let reportInterval: UInt64 = 16 << 20

    private let total: UInt64
    private let progress: Progress
    private var done: UInt64 = 0
    private var reported: UInt64 = 0

    /// Work on tensors of `total` bytes in the checkpoint.
    init(total: UInt64, progress: @escaping Progress) {
        self.total = total
        self.progress = progress
    }

    /// Writes one tensor in the layout of its type.
    mutating func pack(
        _ tensor: SourceTensor, _ plan: TensorPlan, _ writer: inout ArtefactWriter
    ) throws(PackError) {
        if let rows = plan.rows {
            try packMatrix(tensor, plan, rows: rows, &writer)
        } else {
            try packVector(tensor, plan, &writer)
        }
        progress(done, total)
        reported = done
    }

    private mutating func packVector(
        _ tensor: SourceTensor, _ plan: TensorPlan, _ writer: inout ArtefactWriter
    ) throws(PackError) {
        let numbers = try tensor.numbers()
        guard numbers.allSatisfy(\.isFinite) else { throw .notFinite(tensor: tensor.name) }
        if plan.role == .ropeFactors || plan.role == .longRopeFactors, !numbers.allSatisfy({ $0.isFinite && $0 > 0 }) {
            throw .inconsistent("tensor '\(tensor.name)' is not a set of factors, which are positive numbers")
        }
        let bytes = numbers.withUnsafeBytes { Array($0) }
        try packing(PackError.artefact) { () throws(ArtefactError) in
            try writer.beginTensor(plan.role, layer: plan.layer, layout: .vectorF32, rows: 1, columns: plan.columns)
            try bytes.withBytes { bytes throws(ArtefactError) in try writer.append(bytes) }
            try writer.endTensor()
        }
        done += UInt64(tensor.byteCount)
    }

    private mutating func packMatrix(
        _ tensor: SourceTensor, _ plan: TensorPlan, rows: Int, _ writer: inout ArtefactWriter
    ) throws(PackError) {
        let layout = BlockTranscoding.layout(of: tensor.type)
        let panelRows = KernelLayout.panelRows
        let packedRows =
            plan.stackCount == 1 ? rows : plan.stackCount * ((rows + panelRows - 1) / panelRows) * panelRows
        try packing(PackError.artefact) { () throws(ArtefactError) in
            try writer.beginTensor(
                plan.role, layer: plan.layer, layout: layout, rows: packedRows, columns: plan.columns)
        }
        guard let panelByteCount = layout.panelByteCount(columns: plan.columns) else {
            preconditionFailure("the writer accepted a shape that \(layout) does not have")
        }
        let panel = UnsafeMutableRawBufferPointer.allocate(byteCount: panelByteCount, alignment: 64)
        defer { panel.deallocate() }
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: panelRows * tensor.rowByteCount, alignment: 64)
        defer { room.deallocate() }
        let pack = Self.panelPacking(tensor.type, layout, columns: plan.columns)
        let finite = FiniteNumbers(tensor.type)
        for matrix in 0..<plan.stackCount {
            let end = (matrix + 1) * rows
            for start in stride(from: matrix * rows, to: end, by: panelRows) {
                let bytes = tensor.bytes(ofRows: start..<min(start + panelRows, end), room: room)
                guard finite.fill(bytes) else { throw .notFinite(tensor: tensor.name) }
                pack(bytes, panel)
                try packing(PackError.artefact) { () throws(ArtefactError) in
                    try writer.append(UnsafeRawBufferPointer(panel))
                }
                advance(UInt64(bytes.count))
            }
        }
        try packing(PackError.artefact) { () throws(ArtefactError) in try writer.endTensor() }
    }

    private mutating func advance(_ byteCount: UInt64) {
        done += byteCount
        guard done - reported >= Self.reportInterval else { return }
        progress(done, total)
        reported = done
    }

    /// Fills a panel from 32 rows, or fewer at the end, of a type.
    private static func panelPacking(
        _ type: TensorType, _ layout: KernelLayout, columns: Int
    ) -> (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void {
        if type.blockElementCount == 1 {
            let packing = PanelPacking(columns: columns, layout: layout)
            return { packing.pack(rows: $0, into: $1) }
        }
        let transcoding = BlockTranscoding(type, columns: columns)
        return { transcoding.pack(rows: $0, into: $1) }
    }
}
