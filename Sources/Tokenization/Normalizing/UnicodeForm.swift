// SPDX-License-Identifier: Apache-2.0

/// Unicode's normalisation forms over generated tables.
enum UnicodeForm {
    /// A scalar with its canonical combining class.
    private struct Part {
        var scalar: UInt32
        var order: UInt8
    }

    /// NFD or NFKD.
    static func decomposed(_ text: [UInt8], compatibly: Bool) -> [UInt8] {
        transformed(text, compatibly: compatibly, composes: false)
    }

    /// NFC or NFKC.
    static func composed(_ text: [UInt8], compatibly: Bool) -> [UInt8] {
        transformed(text, compatibly: compatibly, composes: true)
    }

    /// The first character of each one's canonical decomposition.
    static func baseCharacters(_ text: [UInt8]) -> [UInt8] {
        CharacterChanges.map(text) { scalar, output in
            var parts: [Part] = []
            append(scalar.value, false, to: &parts)
            let first = parts.first.flatMap { Unicode.Scalar($0.scalar) } ?? scalar
            output.append(contentsOf: UTF8.encode(first).map(Array.init) ?? [])
        }
    }

    private static func transformed(_ text: [UInt8], compatibly: Bool, composes: Bool) -> [UInt8] {
        guard text.contains(where: { $0 >= 0x80 }) else { return text }
        return text.withUnsafeBytes { bytes in
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count + 16)
            var parts: [Part] = []
            var index = 0
            while index < bytes.count {
                guard case .scalar(let scalar, let size) = UTF8Decoding.character(in: bytes, at: index) else {
                    flush(&parts, composes, into: &output)
                    output.append(bytes[index])
                    index += 1
                    continue
                }
                // Before ASCII nothing composes or moves across, so what was collected is final.
                if scalar < 0x80 { flush(&parts, composes, into: &output) }
                append(scalar, compatibly, to: &parts)
                index += size
            }
            flush(&parts, composes, into: &output)
            return output
        }
    }

    private static func append(_ scalar: UInt32, _ compatibly: Bool, to parts: inout [Part]) {
        guard scalar >= 0xA0 else {
            parts.append(Part(scalar: scalar, order: 0))
            return
        }
        if compatibly, let expansion = FormTable.compatible(scalar) {
            for part in expansion { parts.append(Part(scalar: part, order: order(of: part))) }
        } else if (HangulSyllable.first...HangulSyllable.last).contains(scalar) {
            for part in HangulSyllable.decomposed(scalar) { parts.append(Part(scalar: part, order: 0)) }
        } else if let (first, second) = FormTable.canonical(scalar) {
            append(first, compatibly, to: &parts)
            if second != 0 { append(second, compatibly, to: &parts) }
        } else {
            parts.append(Part(scalar: scalar, order: order(of: scalar)))
        }
    }

    private static func order(of scalar: UInt32) -> UInt8 {
        guard scalar >= 0x300 else { return 0 }
        return Unicode.Scalar(scalar)?.properties.canonicalCombiningClass.rawValue ?? 0
    }

    private static func flush(_ parts: inout [Part], _ composes: Bool, into output: inout [UInt8]) {
        reorder(&parts)
        if composes { compose(&parts) }
        for part in parts {
            guard let scalar = Unicode.Scalar(part.scalar), let bytes = UTF8.encode(scalar) else { continue }
            output.append(contentsOf: bytes)
        }
        parts.removeAll(keepingCapacity: true)
    }

    /// Sorts every run of marks by their class, those of one class staying in order.
    private static func reorder(_ parts: inout [Part]) {
        var start = 0
        while start < parts.count {
            guard parts[start].order > 0 else {
                start += 1
                continue
            }
            var end = start
            while end < parts.count, parts[end].order > 0 { end += 1 }
            if end - start > 1 {
                let sorted = parts[start..<end].enumerated().sorted {
                    ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
                }
                parts.replaceSubrange(start..<end, with: sorted.map(\.element))
            }
            start = end
        }
    }

    private static func compose(_ parts: inout [Part]) {
        var starter: Int?
        var lastOrder: UInt8 = 0
        var kept = 0
        for index in parts.indices {
            let part = parts[index]
            // A mark joins only where no other of the same or a higher class stands between.
            let isBlocked = starter.map { kept > $0 + 1 && lastOrder >= part.order } ?? true
            if let place = starter, !isBlocked, let joined = joined(parts[place].scalar, part.scalar) {
                parts[place].scalar = joined
                continue
            }
            parts[kept] = part
            if part.order == 0 { starter = kept }
            lastOrder = part.order
            kept += 1
        }
        parts.removeSubrange(kept...)
    }

    private static func joined(_ first: UInt32, _ second: UInt32) -> UInt32? {
        HangulSyllable.composed(first, second) ?? FormTable.composed(first, second)
    }
}
