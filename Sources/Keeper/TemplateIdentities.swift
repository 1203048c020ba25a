// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Sandbox

/// As whom templates run. Only root has a choice: it gives every template, and the children that it will have, a user id
/// that nobody else has, unless one was configured for all. An unprivileged keeper's templates run as itself.
struct TemplateIdentities {
    private let fixed: String?
    private var last: UInt16 = 0

    init(fixed: String?) {
        self.fixed = fixed
    }

    /// `USER:GROUP` of the next template.
    mutating func next() -> String? {
        guard geteuid() == 0 else { return nil }
        if let fixed { return fixed }
        // The highest one is the packer's. A number comes back after 65,534 templates, when the first have long ended.
        last = last >= .max - 1 ? 1 : last + 1
        return ProcessIdentity.own(last).text
    }
}
