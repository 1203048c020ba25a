// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A system call that failed: which, on what, and why.
package struct SystemCallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Name as in section 2 of the manual.
    package let call: String
    /// The path, descriptor or process it was about; may be empty.
    package let object: String
    package let code: CInt

    package init(_ call: String, _ object: String = "", code: CInt = errno) {
        self.call = call
        self.object = object
        self.code = code
    }

    package var description: String {
        let reason = String(cString: strerror(code))
        return object.isEmpty ? "\(call): \(reason)" : "\(call) \(object): \(reason)"
    }
}

/// Turns -1 into a `SystemCallError` and repeats a call that a signal interrupted.
@discardableResult
package func systemCall<Result: SignedInteger>(
    _ name: String, _ object: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemCallError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        if errno != EINTR { throw SystemCallError(name, object()) }
    }
}

/// The same for calls that answer "not now": nil on EAGAIN.
package func nonBlockingCall<Result: SignedInteger>(
    _ name: String, _ object: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemCallError) -> Result? {
    while true {
        let result = body()
        if result != -1 { return result }
        switch errno {
        case EINTR: continue
        case EAGAIN: return nil
        default: throw SystemCallError(name, object())
        }
    }
}
