// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Glibc
package import LinuxKernel
package import ServingModel

/// The nodes whose sockets lie in a directory, told whenever something in it changes: by inotify, without polling.
package final class NodeSocketWatch: Sendable {
    /// Where `NAME.sock` files lie.
    package let directory: String
    private let watch: DirectoryWatch

    /// The directory must exist.
    package init(directory: String) throws(SystemCallError) {
        self.directory = directory
        watch = try DirectoryWatch(directory)
    }

    /// All nodes with a socket: once now, then after every change, also where only a socket was made anew.
    /// May be called once.
    package func names() -> AsyncStream<Set<NodeName>> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Dispatch's objects may be used from any thread; their type does not say so.
            nonisolated(unsafe) let source = DispatchSource.makeReadSource(
                fileDescriptor: watch.descriptor.rawValue, queue: DispatchQueue(label: "deepflow.nodes"))
            // The handlers hold this object, and with it the descriptor, until the source is done with it.
            source.setEventHandler { [self] in
                watch.clear()
                continuation.yield(Self.list(directory))
            }
            source.setCancelHandler { [self] in withExtendedLifetime(self) { continuation.finish() } }
            continuation.onTermination = { _ in source.cancel() }
            source.activate()
            continuation.yield(Self.list(directory))
        }
    }

    /// Path of a node's socket.
    package func socketPath(of node: NodeName) -> String { "\(directory)/\(node.text).sock" }

    /// Names that break the rules of `NodeName` are no nodes.
    static func list(_ directory: String) -> Set<NodeName> {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: Set<NodeName> = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasSuffix(".sock"), let node = NodeName(String(name.dropLast(5))) else { continue }
            names.insert(node)
        }
        return names
    }
}
