// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A directory for one test, removed with all that is in it; its path is short enough for sockets.
package final class ScratchDirectory: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/df-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { name in
            name.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let made else { throw CocoaError(.fileWriteUnknown) }
        path = made
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
