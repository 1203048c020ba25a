// SPDX-License-Identifier: Apache-2.0

/// Aligned columns under a line of headings, for people.
package struct ListingTable: Sendable {
    /// A heading and how its column stands.
    package struct Column: Sendable {
        let heading: String
        let isNumber: Bool

        /// Text, aligned left.
        package static func text(_ heading: String) -> Column { Column(heading: heading, isNumber: false) }
        /// Figures, aligned right.
        package static func number(_ heading: String) -> Column { Column(heading: heading, isNumber: true) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row with one cell per column; cells are made harmless for terminals.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has one cell per column")
        rows.append(cells.map { TerminalText.harmless($0) })
    }

    /// The lines, without trailing blanks, each ended.
    package var text: String {
        let lines = [columns.map(\.heading)] + rows
        let widths = columns.indices.map { index in lines.map { $0[index].count }.max() ?? 0 }
        return lines.map { line in
            let cells = columns.indices.map { index in
                let blanks = String(repeating: " ", count: widths[index] - line[index].count)
                return columns[index].isNumber ? blanks + line[index] : line[index] + blanks
            }
            let joined = cells.joined(separator: "  ")
            let trailing = joined.reversed().prefix { $0 == " " }.count
            return joined.dropLast(trailing) + "\n"
        }.joined()
    }
}
