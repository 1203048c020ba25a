// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// Puts submissions together from their parts, within bounds on how many are unfinished and on their bytes.
struct SubmissionAssembly {
    /// Submissions that may be unfinished at the same time.
    static let unfinished = 64
    /// Bytes of all unfinished submissions together.
    static let byteCount = 4 * TaskSubmission.Limits.byteCount

    /// What became of a part.
    enum Result {
        /// More parts are to come.
        case incomplete
        case complete(TaskSubmission)
        /// The submission is dropped, and so are parts of it that are still to come.
        case refused(TaskRefusal)
    }

    private struct Unfinished {
        let total: Int
        var bytes: [UInt8] = []
    }

    private var submissions: [TaskID: Unfinished] = [:]
    private var heldBytes = 0

    /// Whether parts of the task have arrived, but not all.
    func holds(_ task: TaskID) -> Bool {
        submissions[task] != nil
    }

    /// Tasks of which parts have arrived.
    var tasks: [TaskID] { Array(submissions.keys) }

    /// Takes the next part of a submission of `total` bytes; one at offset 0 begins it (again).
    mutating func add(_ task: TaskID, offset: Int, total: Int, bytes: [UInt8]) -> Result {
        if offset == 0 {
            drop(task)
            guard submissions.count < Self.unfinished else {
                return .refused(TaskRefusal(.overloaded, "too many submissions are unfinished"))
            }
            submissions[task] = Unfinished(total: total)
        }
        guard submissions[task]?.total == total, submissions[task]?.bytes.count == offset, !bytes.isEmpty,
            bytes.count <= total - offset
        else { return refuse(task, .invalidRequest, "the parts of the submission do not fit together") }
        guard heldBytes + bytes.count <= Self.byteCount else {
            return refuse(task, .overloaded, "the unfinished submissions are too large together")
        }
        heldBytes += bytes.count
        submissions[task]?.bytes.append(contentsOf: bytes)
        guard offset + bytes.count == total, let whole = drop(task) else { return .incomplete }
        return Self.decode(whole, task)
    }

    /// Drops the parts of a task and returns them.
    @discardableResult
    mutating func drop(_ task: TaskID) -> [UInt8]? {
        guard let dropped = submissions.removeValue(forKey: task) else { return nil }
        heldBytes -= dropped.bytes.count
        return dropped.bytes
    }

    private mutating func refuse(_ task: TaskID, _ failure: TaskFailure, _ message: String) -> Result {
        drop(task)
        return .refused(TaskRefusal(failure, message))
    }

    private static func decode(_ bytes: [UInt8], _ task: TaskID) -> Result {
        do throws(FrameError) {
            let submission = try TaskSubmission(decoding: bytes)
            guard submission.task == task else {
                return .refused(TaskRefusal(.invalidRequest, "the submission is of another task than its parts"))
            }
            return .complete(submission)
        } catch {
            return .refused(TaskRefusal(.invalidRequest, "the submission cannot be read: \(error.description)"))
        }
    }
}
