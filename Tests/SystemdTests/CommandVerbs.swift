// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// The verbs of the `deepflow` command, and a use of each on a machine with the units.
enum CommandVerbs {
    /// A line of shell that uses one verb.
    struct Use: Sendable {
        let verb: String
        let line: String
        /// Shows figures as a table; all of them have to be there.
        let isListing: Bool

        init(_ verb: String, _ arguments: String = "", isListing: Bool = false, behind other: String = "") {
            self.verb = verb
            line = "\(other) deepflow \(verb) \(arguments)"
            self.isListing = isListing
        }

        init(listing verb: String, _ arguments: String = "") {
            self.init(verb, arguments, isListing: true)
        }
    }

    /// Every verb at least once, in an order in which each finds what it needs: a scheduler and a node without a model
    /// at first, at last again.
    static func uses(checkpoint: String) -> [Use] {
        [
            Use("version"), Use("help"),
            Use("config check"), Use("config show", "--origin"), Use("config schema", "node"), Use("config settings"),
            Use("node status", "--wait 60"),
            Use("model add", "guide \(checkpoint)"),
            Use("model verify", "guide"),
            Use("model load", "guide --populate"),
            Use("instance scale", "guide 2", isListing: true),
            Use("model pin", "guide"),
            Use("run", "guide 'What is DeepFlow?'"),
        ] + listings(with: "") + [
            Use("job show", "\(lastJob)"),
            Use("job cancel", "\(runningJob)", behind: stallingAnswer),
            Use("model pin", "guide --off"),
            Use("instance stop", "\(anyInstance)", behind: "deepflow instance scale guide 1 &&"),
            Use("instance scale", "guide 0"),
            Use("bench start", "--model guide --forks 3 --rounds 1 \(ofServer)"),
            Use("bench scale", "--model guide --instances 2 \(ofServer)"),
            Use("bench throughput", "--model guide --prompt-tokens 32 --generate 8 --rounds 1 \(ofServer)"),
            Use("model unload", "guide"),
            Use("model remove", "guide"),
        ]
    }

    /// The listings, of the scheduler or of a node alone.
    static func listings(with options: String) -> [Use] {
        let ofBoth = ["ps", "model list", "instance list", "template list", "node list"]
        let named = [Use(listing: "model show", "guide \(options)"), Use(listing: "node status", options)]
        let jobs = options.isEmpty ? [Use(listing: "job list")] : []
        return ofBoth.map { Use(listing: $0, options) } + named + jobs
    }

    private static let ofServer = "--socket /run/deepflow/admin.sock"
    private static let anyInstance = "$(deepflow instance list --json | grep -o 'inst-[0-9a-f]*' | head -n 1)"
    private static let lastJob = "$(deepflow job list --json | grep -o 'job-[0-9a-f]*' | head -n 1)"
    private static let runningJob = lastJob
    /// An answer that is not over before it is cancelled, since its instances stand still.
    private static let stallingAnswer = """
        stop() { for pid in $(deepflow instance list --json | sed -n 's/.*"processID" : \\([0-9]*\\).*/\\1/p'); do \
        kill -$1 $pid; done; }; \
        stop STOP; (deepflow run guide 'Who are you?' >/dev/null 2>&1; true) & \
        timeout 60 sh -c "until deepflow job list --json | grep -q '\\"running\\"\\|\\"starting\\"\\|\\"queued\\"'; \
        do sleep 0.1; done"; trap 'stop CONT; wait' EXIT;
        """

    /// All verbs without verbs below them, as the command itself tells.
    static func all(in dump: String) throws -> Set<String> {
        struct Dump: Decodable { let command: Command }
        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?

            func verbs(_ path: [String]) -> [String] {
                guard let subcommands, !subcommands.isEmpty else { return [path.joined(separator: " ")] }
                return subcommands.flatMap { $0.verbs(path + [$0.commandName]) }
            }
        }
        return Set(try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command.verbs([]))
    }
}
