// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// System calls by number, without a wrapper, so that nothing is checked on the way.
enum RawCall {
    /// -1 with errno set where it fails. Missing arguments are 0.
    @discardableResult
    static func make(_ number: Int, _ arguments: [Int] = []) -> Int {
        let all = arguments + [Int](repeating: 0, count: 6 - arguments.count)
        return clinux_raw_call(number, all[0], all[1], all[2], all[3], all[4], all[5])
    }
}
