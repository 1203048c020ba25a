// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A pipe whose ends close with their last owner.
package struct Pipe {
    /// The end that is read.
    package let reader: SharedDescriptor
    /// The end for a child; nil when it was closed here.
    package private(set) var writer: SharedDescriptor?

    /// Makes a pipe; without `waits` neither end makes its user wait, and a full pipe loses what is written.
    package init(waits: Bool = true) throws(SystemCallError) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe2") { clinux_pipe(&ends, waits ? 1 : 0) }
        reader = SharedDescriptor(OwnedDescriptor(owning: ends[0]))
        writer = SharedDescriptor(OwnedDescriptor(owning: ends[1]))
    }

    /// Must follow the child's start: the reader sees the end only when no writer is left.
    package mutating func closeWriter() {
        writer = nil
    }
}
