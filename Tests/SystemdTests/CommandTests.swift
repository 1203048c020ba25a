// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite(
    "The command under the units", .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "") (systemd cannot be booted here)"))
struct CommandTests {
    private static let checkpoint = "\(SystemdBox.sources)/Packaging/default-model/deepflow-guide.gguf"

    @Test("Every verb works, and no listing lacks a figure")
    func verbs() throws {
        let box = try SystemdBox()
        let uses = CommandVerbs.uses(checkpoint: Self.checkpoint)
        let verbs = try CommandVerbs.all(in: box.run("deepflow --experimental-dump-help").output)
        #expect(verbs.count > 20)
        // A new verb needs a use of it here.
        #expect(verbs.subtracting(uses.map(\.verb)).isEmpty)
        #expect(Set(uses.map(\.verb)).subtracting(verbs).isEmpty)
        try box.run("systemctl start deepflow-schedulerd.socket deepflow-admin.socket deepflow-noded@local")
            .expectSuccess()
        for use in uses {
            let run = try box.run(use.line)
            #expect(run.isSuccess, "\(use.line): \(run.output)")
            if use.isListing { expectAllFigures(of: use, in: run.output) }
            // Something of the model is in memory while it is loaded.
            if use.verb == "instance scale", use.isListing {
                for listing in CommandVerbs.listings(with: "--node local") {
                    let run = try box.run(listing.line)
                    #expect(run.isSuccess, "\(listing.line): \(run.output)")
                    expectAllFigures(of: listing, in: run.output)
                }
            }
        }
        let denied = try box.run("journalctl -o cat -u 'deepflow-*' | grep -i 'denied call\\|cannot be read'")
        #expect(denied.output.isEmpty, "\(denied.output)")
    }

    /// A dash stands for a figure that could not be found out. Cells are two blanks apart.
    private func expectAllFigures(of use: CommandVerbs.Use, in output: String) {
        let lines = output.split(separator: "\n")
        #expect(lines.count > 1, "\(use.line) lists nothing: \(output)")
        for line in lines {
            let cells = line.split(separator: "  ").map { $0.trimmingPrefix(" ") }
            #expect(!cells.contains("-"), "\(use.line): \(output)")
        }
    }
}
