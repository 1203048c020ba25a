// SPDX-License-Identifier: Apache-2.0

/// Looks records up in the generated texts of sorted base-64 records, without building anything.
enum FormTable {
    private static let canonicalSize = 12
    private static let compatibleSize = 8

    /// One step of canonical decomposition; the second scalar may be 0.
    static func canonical(_ scalar: UInt32) -> (UInt32, UInt32)? {
        let table = CanonicalForms.decompositions
        guard let place = find(UInt64(scalar), in: table, size: canonicalSize, digits: 4) else { return nil }
        return (UInt32(number(table, place + 4, 4)), UInt32(number(table, place + 8, 4)))
    }

    /// The scalar that two become.
    static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let table = CanonicalForms.compositions
        let key = UInt64(first) << 24 | UInt64(second)
        guard let place = find(key, in: table, size: canonicalSize, digits: 8) else { return nil }
        return UInt32(number(table, place + 8, 4))
    }

    /// The whole compatibility decomposition, where it is not the canonical one.
    static func compatible(_ scalar: UInt32) -> [UInt32]? {
        let table = CompatibleForms.records
        guard let place = find(UInt64(scalar), in: table, size: compatibleSize, digits: 4) else { return nil }
        let offset = Int(number(table, place + 4, 3))
        let count = Int(number(table, place + 7, 1))
        return (offset..<offset + count).map { UInt32(number(CompatibleExpansions.scalars, 4 * $0, 4)) }
    }

    private static func find(_ key: UInt64, in table: StaticString, size: Int, digits: Int) -> Int? {
        var low = 0
        var high = table.utf8CodeUnitCount / size
        while low < high {
            let middle = (low + high) / 2
            let found = number(table, middle * size, digits)
            if found == key { return middle * size }
            if found < key { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    private static func number(_ table: StaticString, _ start: Int, _ digits: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<start + digits { value = value << 6 | digit(table.utf8Start[index]) }
        return value
    }

    private static func digit(_ byte: UInt8) -> UInt64 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        default: 63
        }
    }
}
