// SPDX-License-Identifier: Apache-2.0
package import CFlowKernels
import Glibc

/// Cosines and sines of the rotary embedding, made once, in double precision, for a low and a high part of positions:
/// a few hundred KiB even for contexts of a million tokens.
package final class RoPETables {
    /// The tables as the kernels take them; valid as long as this object.
    package let view: flow_rope
    private let memory: UnsafeMutablePointer<Double>

    /// Tables for positions less than `contextLength`; pair i rotates by `frequencies[i]` per position, and is
    /// multiplied by `magnitude`.
    package init(frequencies: [Double], contextLength: Int, magnitude: Float = 1) {
        let pairs = frequencies.count
        let lowCount = 1 << Int(FLOW_ROPE_LOW_BITS)
        let highCount = (contextLength - 1) / lowCount + 1
        memory = .allocate(capacity: max(1, (lowCount + highCount) * pairs * 2))
        var next = memory
        for index in 0..<lowCount + highCount {
            let position = index < lowCount ? index : (index - lowCount) * lowCount
            // A position's angles are the product of a low and a high entry: one of the two carries the magnitude.
            let size = index < lowCount ? Double(magnitude) : 1
            for frequency in frequencies {
                next[0] = cos(Double(position) * frequency) * size
                next[1] = sin(Double(position) * frequency) * size
                next += 2
            }
        }
        view = flow_rope(low: memory, high: memory + lowCount * pairs * 2, pairs: pairs)
    }

    deinit { memory.deallocate() }

    /// The usual frequencies, base^(-2i / dimensions) for pair i, times `scale`, each divided by its factor if there
    /// are factors, [dimensions / 2].
    package static func frequencies(
        base: Float, dimensions: Int, scale: Float = 1, factors: [Float]? = nil
    ) -> [Double] {
        (0..<dimensions / 2).map { pair in
            let usual = pow(Double(base), -2 * Double(pair) / Double(dimensions)) * Double(scale)
            return usual / Double(factors?[pair] ?? 1)
        }
    }
}
