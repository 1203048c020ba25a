// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// As whom templates run. Only root has a choice: it gives every template, and the children that it will have, a user id
/// that nobody else has, unless one was configured for all. An unprivileged keeper's templates run as itself.
package struct ProcessIdentities {
    private let fixed: String?
    private var last: UInt16 = 0

    /// `fixed` is `USER:GROUP` for all.
    package init(fixed: String?) {
        self.fixed = fixed
    }

    /// `USER:GROUP` of the next template; nil: the caller's own.
    package mutating func next() -> String? {
        guard geteuid() == 0 else { return nil }
        if let fixed { return fixed }
        // The highest one is the packer's. A number comes back after 65,534 templates, when the first have long ended.
        last = last >= .max - 1 ? 1 : last + 1
        return ProcessIdentity.own(last).text
    }
}
