// SPDX-License-Identifier: Apache-2.0

/// What a node of the packed program is.
enum ProgramTag: UInt8 {
    case text = 1, output, loop, conditional, assign, assignAttribute, capture, breakLoop, continueLoop, macro, with
    case none = 32, boolean, integer, float, string, name, list, dictionary, tuple
    case attribute = 48, item, slice, call, filter, test, not, negate, binary, choice
}
