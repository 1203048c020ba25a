// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import Glibc
internal import LinuxKernel

/// One YAML file of settings.
package enum SettingFile {
    /// A configuration of thousands of users is far smaller.
    private static let byteLimit = 256 << 10

    /// The settings that a file has, or why it cannot be used. nil where there is no file at the path.
    ///
    /// - Parameter settings: those that may stand in it.
    package static func layer(at path: String, settings: [SettingFacts]) -> SettingLayer? {
        do throws(SettingProblem) {
            guard let text = try text(at: path) else { return nil }
            return SettingLayer(file: path, root: try YAMLReading.root(of: text, path: path), settings: settings)
        } catch {
            return SettingLayer(problem: error)
        }
    }

    private static func text(at path: String) throws(SettingProblem) -> String? {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try contents(of: path)
        } catch {
            if error.isAbsence { return nil }
            throw problem(path, "cannot be read: \(error.call): \(error.reason); check its owner and mode")
        }
        guard bytes.count <= byteLimit else { throw problem(path, "is larger than \(byteLimit >> 10) KiB") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw problem(path, "is not UTF-8 text") }
        return text
    }

    /// The bytes of a file, or one more than are allowed.
    private static func contents(of path: String) throws(SystemCallError) -> [UInt8] {
        // A pipe without a writer would keep the daemon waiting.
        let file = try OwnedDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= byteLimit {
            let count = try systemCall("read", path) { read(file.rawValue, &buffer, buffer.count) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    private static func problem(_ path: String, _ what: String) -> SettingProblem {
        SettingProblem(.file(path: path, line: 0), "the file \(what)")
    }
}

extension SystemCallError {
    /// The kernel's reason alone.
    var reason: String { String(cString: strerror(code)) }

    /// Whether the call failed since nothing is at the path.
    var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
}
