// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Aligned listings")
struct ListingTableTests {
    @Test("Text stands left, figures right, no blanks at the ends of lines")
    func alignment() {
        var table = ListingTable([.text("NAME"), .number("SIZE"), .text("NOTE")])
        table.add(["a", "1 KiB", ""])
        table.add(["longer", "12.5 MiB", "x"])
        #expect(table.text == "NAME        SIZE  NOTE\na          1 KiB\nlonger  12.5 MiB  x\n")
    }

    @Test("An empty listing is its headings")
    func empty() {
        #expect(ListingTable([.text("A"), .number("B")]).text == "A  B\n")
    }

    @Test("Cells cannot send escapes to the terminal")
    func escapes() {
        var table = ListingTable([.text("A")])
        table.add(["\u{1B}[2J"])
        #expect(table.text == "A\n␛[2J\n")
    }
}
