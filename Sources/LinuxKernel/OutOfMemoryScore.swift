// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Whom the kernel ends first where memory runs out.
package enum OutOfMemoryScore {
    /// That of whatever runs models: they go before the daemons, and before what else the machine does.
    package static let ofModels = 500

    /// Sets that of the calling process and its later children: 0 is usual, 1000 the first of all. Anybody may raise it.
    package static func set(_ score: Int) throws(SystemCallError) {
        let path = "/proc/self/oom_score_adj"
        let file = try OwnedDescriptor.open(path, O_WRONLY)
        let text = Array("\(score)".utf8)
        _ = try systemCall("write", path) { write(file.rawValue, text, text.count) }
    }
}
