// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ServingModel

/// `deepflow model`: what is in the nodes' stores.
package struct ModelCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "List, add, verify, remove and load models.",
        subcommands: [
            ModelListCommand.self, ModelAddCommand.self, ModelShowCommand.self, ModelVerifyCommand.self,
            ModelRemoveCommand.self,
            ModelLoadCommand.self, ModelUnloadCommand.self, ModelPinCommand.self,
        ])

    package init() {}
}

/// Reads names as users type them.
enum TypedNames {
    /// - Throws: `usage` with the rules for names.
    static func model(_ text: String) throws(CommandError) -> ModelName {
        guard let name = ModelName(text) else {
            throw .usage(
                "'\(text)' is no model's name: 1 to 128 of A-Z a-z 0-9 . _ : / - that begin with a letter or digit")
        }
        return name
    }

    /// - Throws: `usage` with the form of a job's id.
    static func job(_ text: String) throws(CommandError) -> JobID {
        guard let id = JobID(text) else {
            throw .usage("'\(text)' is no job: it looks like job-0123456789abcdef (deepflow job list shows them)")
        }
        return id
    }
}
