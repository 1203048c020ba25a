// SPDX-License-Identifier: Apache-2.0

/// A readiness list whose descriptors are called by what they belong to. A late event of something that was removed finds
/// nothing, since no key is used twice. Shared by the parts of a program with one thread.
package final class ReadinessSources<Source: Hashable> {
    private let list: ReadinessList
    private var sources: [UInt64: Source] = [:]
    private var entries: [Source: (key: UInt64, descriptor: CInt)] = [:]
    private var nextKey: UInt64 = 1

    package init() throws(SystemCallError) {
        list = try ReadinessList()
    }

    /// Watches `descriptor`, which belongs to `source`; an earlier one of the same source is removed first.
    package func add(
        _ source: Source, _ descriptor: CInt, _ interest: ReadinessList.Interest = .readable
    ) throws(SystemCallError) {
        remove(source)
        let key = nextKey
        try list.add(descriptor, key: key, interest)
        nextKey += 1
        sources[key] = source
        entries[source] = (key, descriptor)
    }

    /// Changes what is waited for.
    package func modify(_ source: Source, _ interest: ReadinessList.Interest) throws(SystemCallError) {
        guard let entry = entries[source] else { return }
        try list.modify(entry.descriptor, key: entry.key, interest)
    }

    /// Watches it no more. Must come before the descriptor is closed, whose number may soon be another's.
    package func remove(_ source: Source) {
        guard let entry = entries.removeValue(forKey: source) else { return }
        sources[entry.key] = nil
        // It is in the list as long as it is in the table.
        try? list.remove(entry.descriptor)
    }

    /// Waits for events, as `ReadinessList.wait`.
    package func wait(milliseconds: Int?) throws(SystemCallError) -> [ReadinessList.Event] {
        try list.wait(milliseconds: milliseconds)
    }

    /// Whose event it is; nil where that was removed since.
    package func source(of event: ReadinessList.Event) -> Source? {
        sources[event.key]
    }
}
