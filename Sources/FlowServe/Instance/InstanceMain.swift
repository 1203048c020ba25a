// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
package import Messages

/// The whole life of a forked instance after its sandbox is complete.
package enum InstanceMain {
    /// Serves tasks that come over `channel` until it closes or the daemon drains the instance.
    ///
    /// Sends `ready` with `start`, into which the time for the ranks' start is filled in. `keyValueMemory` is the
    /// instance's own mapping, aligned to 64 bytes.
    ///
    /// - Returns: the exit status: 0 after a drain or when the channel closed, 70 with a sentence on stderr when the
    ///   daemon sent something malformed or the engine could not start.
    package static func run(
        image: ServingModelImage, channel: consuming PacketSocket, keyValueMemory: UnsafeMutableRawBufferPointer,
        settings: InstanceSettings, start: FromInstance.InstanceStart
    ) -> Int32 {
        70
    }
}
