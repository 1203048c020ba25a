// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import ChatTemplates
internal import Checkpoints
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import Tokenization

/// Why a checkpoint did not become an artefact; the description is what the person who added the model reads.
enum PackError: Error, CustomStringConvertible {
    case bundle(CheckpointBundleError)
    case checkpoint(CheckpointError)
    case tokenizer(TokenizerError)
    case template(ChatTemplateError)
    case artefact(ArtefactError)
    case sandbox(SandboxError)
    case system(SystemCallError)
    /// The checkpoint file is no regular file.
    case notAFile
    /// A model of a family that is not built in.
    case unsupportedArchitecture(String, known: [String])
    /// A property of the model that is not built in; served without it the model would answer wrongly.
    case unsupportedProperty(String)
    case missingTensor(String)
    case wrongShape(tensor: String, found: [Int], expected: [Int])
    /// Weights that are NaN or infinite.
    case notFinite(tensor: String)
    /// Metadata that contradicts other metadata or makes no sense.
    case inconsistent(String)

    /// The exit status: 65 for bad data, 74 for files and disks, 70 for what is our own fault.
    var status: Int32 {
        switch self {
        case .artefact(.writeFailed), .system, .notAFile: 74
        case .sandbox: 70
        default: 65
        }
    }

    /// One sentence for people. Names in it come from the checkpoint, so it is made safe for terminals and logs.
    var description: String { Self.printable(sentence) }

    private var sentence: String {
        switch self {
        case .bundle(let error): error.description
        case .checkpoint(let error): error.description
        case .tokenizer(let error): error.description
        case .template(let error): error.description
        case .artefact(.writeFailed(ENOSPC)), .artefact(.writeFailed(EDQUOT)):
            "the disk is full: the packed model does not fit; free some space and add the model again"
        case .artefact(.invalidField(let field, let value, let expected)):
            "the checkpoint's \(field) is \(value), expected \(expected); convert it anew"
        case .artefact(let error): error.description
        case .sandbox(let error): "the packing sandbox could not be entered: \(error)"
        case .system(let error): "the checkpoint or the packed model cannot be accessed: \(error)"
        case .notAFile: "the checkpoint is not a regular file; give the path of a .gguf file"
        case .unsupportedArchitecture(let name, let known):
            "the model's architecture is '\(name)', which is not supported; known are \(known.joined(separator: ", "))"
        case .unsupportedProperty(let property):
            "the model uses \(property), which is not supported; take another model of the same family"
        case .missingTensor(let name):
            "the checkpoint lacks tensor '\(name)'; fetch it again or convert it anew"
        case .wrongShape(let tensor, let found, let expected):
            "tensor '\(tensor)' has shape \(found), expected \(expected); convert the checkpoint anew"
        case .notFinite(let tensor):
            "tensor '\(tensor)' has weights that are infinite or no numbers (NaN), so that every answer would be noise; "
                + "fetch the checkpoint again, and if that is the same, its training or conversion went wrong: take another"
        case .inconsistent(let problem):
            "the checkpoint is inconsistent: \(problem); convert it anew"
        }
    }
}

extension PackError {
    private static let longestSentence = 1000

    /// One line without control characters, of bounded length.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.prefix(longestSentence)).onOneLine(controlsAs: "\u{FFFD}")
    }
}

/// Runs a step of another target and keeps its error.
func packing<Result: ~Copyable, Failure: Error>(
    _ wrap: (Failure) -> PackError, _ step: () throws(Failure) -> Result
) throws(PackError) -> Result {
    do throws(Failure) {
        return try step()
    } catch {
        throw wrap(error)
    }
}
