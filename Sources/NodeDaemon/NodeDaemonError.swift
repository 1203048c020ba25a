// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// What can go wrong in a node daemon, in sentences for its administrator.
package enum NodeDaemonError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A directory or socket that the daemon needs cannot be made.
    case cannotPrepare(path: String, reason: String)
    /// Another daemon serves this node's socket.
    case alreadyRunning(path: String)
    /// Another daemon works on the node's state directory.
    case stateInUse(directory: String)
    case storeUnusable(path: String, reason: String)
    case insufficientStorage(needed: Int, available: Int, path: String)
    /// The checkpoint cannot be used; the sentence is the packer's.
    case badCheckpoint(String)
    case packingFailed(String)
    case importInProgress
    /// No whole model was packed from the checkpoint that a client described.
    case unknownCheckpoint
    case unknownModel(String)
    /// Other content has the name under which an answer began.
    case modelReplaced(String)
    case keeperUnavailable(String)
    /// The sandbox is required, and these steps of it are not in force.
    case sandboxRequired(String)

    /// Whether the administrator has to change something before another start can go better.
    package var isConfiguration: Bool {
        if case .sandboxRequired = self { true } else { false }
    }

    /// Makes a directory that the daemon needs, with its parents.
    static func preparing(_ path: String, mode: UInt32) throws(NodeDaemonError) {
        do throws(SystemCallError) {
            try DirectoryPath.make(path, mode: mode)
        } catch {
            throw .cannotPrepare(path: path, reason: "\(error)")
        }
    }

    package var description: String {
        switch self {
        case .cannotPrepare(let path, let reason):
            "cannot make \(path): \(reason); check the directory's owner and mode"
        case .alreadyRunning(let path):
            "a node daemon answers on \(path) already: stop it first, or choose another --node"
        case .stateInUse(let directory):
            "another node daemon works on \(directory): stop it first, or choose another --state-directory or --node"
        case .storeUnusable(let path, let reason): "the model store at \(path) cannot be used: \(reason)"
        case .insufficientStorage(let needed, let available, let path):
            "the import needs about \(needed >> 20) MiB and \(path) has \(available >> 20) MiB: free some space or remove a model"
        case .badCheckpoint(let reason): reason
        case .packingFailed(let reason): "the checkpoint could not be packed: \(reason)"
        case .importInProgress: "another import is in progress on this node: wait until it is over"
        case .unknownCheckpoint: "no whole model was packed from this checkpoint here: send it"
        case .unknownModel(let name): "there is no model '\(name)' on this node: see `deepflow model list`"
        case .modelReplaced(let name):
            "'\(name)' was replaced by other content while it was answering: send the request again"
        case .sandboxRequired(let missing):
            "the sandbox is required here and not wholly in force: \(missing); allow these steps, or set sandbox: report"
        case .keeperUnavailable(let reason): "the node's keeper is not available: \(reason)"
        }
    }
}
