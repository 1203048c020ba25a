// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The role table of a running server; another one holds from the next connection on.
package final class LiveRoles: Sendable {
    private let table: Mutex<RoleTable>

    package init(_ table: RoleTable) {
        self.table = Mutex(table)
    }

    /// As it stands now.
    package var current: RoleTable { table.withLock { $0 } }

    /// Another table holds from now on.
    package func replace(by other: RoleTable) {
        table.withLock { $0 = other }
    }
}
