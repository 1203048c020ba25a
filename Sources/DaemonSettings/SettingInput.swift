// SPDX-License-Identifier: Apache-2.0

/// A value as a file, a variable or a flag has it, before a setting says what it should be.
package struct SettingInput: Hashable, Sendable {
    /// The three forms of YAML, and none.
    package enum Content: Hashable, Sendable {
        /// One text as written, without its quotes.
        case scalar(String)
        case list([SettingInput])
        /// The keys of a group in their order.
        case map([Member])
        /// A key without a value.
        case absent
    }

    /// One key of a group.
    package struct Member: Hashable, Sendable {
        /// The key as written.
        package let key: String
        /// The line of the key.
        package let line: Int
        /// What stands behind the key.
        package let value: SettingInput

        package init(key: String, line: Int, value: SettingInput) {
            self.key = key
            self.line = line
            self.value = value
        }
    }

    /// What was written.
    package let content: Content
    /// The line on which the value begins, from 1; 0 where its source has no lines.
    package let line: Int

    package init(_ content: Content, line: Int = 0) {
        self.content = content
        self.line = line
    }

    /// A text from a source without lines.
    package static func scalar(_ text: String) -> SettingInput { SettingInput(.scalar(text)) }

    /// What an error says was found; long texts are cut.
    var found: String {
        switch content {
        case .scalar(let text): "'\(text.prefix(80))'"
        case .list: "a list"
        case .map: "a group of keys"
        case .absent: "without a value"
        }
    }
}

/// One thing that is wrong with a value.
package struct SettingFault: Hashable, Sendable {
    /// The line that is wrong; 0 where the source has no lines.
    let line: Int
    /// Goes on after the setting's name: `is '300'; allowed: 1 to 256`.
    let what: String
}
