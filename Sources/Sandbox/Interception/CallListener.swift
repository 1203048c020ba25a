// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
package import LinuxKernel

/// Where the unlisted calls of a template, its children and theirs arrive: `SECCOMP_RET_USER_NOTIF`.
///
/// A call waits until it is let through or its process is killed. Where all holders of the listener are gone, calls fail
/// with ENOSYS and nobody names them, which is why confined processes die with their keeper.
package struct CallListener: Sendable {
    /// Readable while a call waits; hung up when the last confined process has ended.
    package let descriptor: SharedDescriptor

    /// Takes over a descriptor that came from a confined process. That it is a listener is not known: every use of
    /// something else fails with an error.
    package init(owning descriptor: consuming OwnedDescriptor) {
        self.descriptor = SharedDescriptor(descriptor)
        // The caller goes on at once where the kernel can do that; elsewhere it waits for its turn, which only costs time.
        _ = clinux_seccomp_wake_at_once(self.descriptor.rawValue)
    }

    /// The next call; nil where its process ended meanwhile. To be called when the descriptor is readable.
    package func receive() throws(SystemCallError) -> InterceptedCall? {
        var call = clinux_intercepted_call()
        do throws(SystemCallError) {
            try systemCall("ioctl", "SECCOMP_IOCTL_NOTIF_RECV") {
                clinux_seccomp_receive(descriptor.rawValue, &call)
            }
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
        let arguments = withUnsafeBytes(of: call.arguments) { Array($0.bindMemory(to: UInt64.self)) }
        return InterceptedCall(
            id: call.id, thread: call.thread, number: call.number, architecture: call.architecture,
            arguments: arguments)
    }

    /// Lets a call go on as if there were no filter. Only for calls whose registers alone say what they do: memory that
    /// they point to may have changed since.
    package func allow(_ call: InterceptedCall) {
        // Fails where the caller was killed meanwhile, which is as good.
        _ = clinux_seccomp_continue(descriptor.rawValue, call.id)
    }

    /// Whether the call still waits: until then its thread's number belongs to the thread that made it.
    package func isWaiting(_ call: InterceptedCall) -> Bool {
        clinux_seccomp_is_waiting(descriptor.rawValue, call.id) == 1
    }
}
