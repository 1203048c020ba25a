// SPDX-License-Identifier: Apache-2.0

/// Who wrote a part of a rendered text.
package enum TextOrigin: Sendable, Equatable {
    /// The model's template: control tokens count.
    case template
    /// A message, a tool or a variable of the client: everything is text.
    case data
}

/// A part of a rendered text by one author. Neighbours have different authors.
package struct RenderedSegment: Sendable, Equatable {
    /// Who wrote it.
    package let origin: TextOrigin
    /// UTF-8, never empty.
    package let bytes: [UInt8]

    /// A part as given.
    package init(origin: TextOrigin, bytes: [UInt8]) {
        self.origin = origin
        self.bytes = bytes
    }
}
