// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The project's executables as this test run built them.
package enum BuiltExecutable {
    /// Path of `name` in the folder of the test bundle, whether the tests run as the bundle or in a runner elsewhere.
    package static func path(_ name: String) -> String {
        let arguments = CommandLine.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
    }
}
