// SPDX-License-Identifier: Apache-2.0

/// Why a JSON text could not be read.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, in words.
    package let problem: String
    /// Byte of the text, from 0.
    package let offset: Int

    /// Problem and place in words.
    package var description: String { "\(problem) at byte \(offset)" }
}
