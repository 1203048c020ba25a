// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Text for whoever reads a descriptor, without buffers of a library.
package enum TextOutput {
    /// Writes all of `text`, waiting where the reader is slow. A descriptor that is not open or whose reader is gone is no
    /// failure.
    package static func write(_ text: String, to descriptor: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
