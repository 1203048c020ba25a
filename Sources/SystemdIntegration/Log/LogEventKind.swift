// SPDX-License-Identifier: Apache-2.0

/// Kinds of events that somebody may wait for. Each has an id of 128 bits for ever, the journal's MESSAGE_ID: catalogues,
/// alerts and `journalctl MESSAGE_ID=...` find it however the sentence is worded. New ones come from `systemd-id128 new`.
package enum LogEventKind: String, CaseIterable, Sendable {
    /// An instance made a system call that its sandbox denies, and was killed: look at it as at an attack.
    case instanceDenied = "f060eff46cce402e8594489f57011df8"
    /// An instance was ended by a signal that stands for a defect; the event says where it was.
    case instanceCrashed = "65079e60cb9448ab801e25eeee10437e"
    /// A node ends an instance that broke the protocol or gave no sign of life.
    case instanceHung = "3d99669f8b2c44299a00bbc0b6332132"
    /// A model can be asked for from now on.
    case modelAdded = "524ce1f0b38245e682d28a11bf5c4645"
    /// A model cannot be asked for any more.
    case modelRemoved = "683ea2f3f4ea48f7bb81ddfef6f8df76"
    /// A packed model was not what its name says any more; the one that was added now took its place.
    case artefactDamaged = "3144cb192b354353be95285a18981288"
    /// The scheduler's file of job records could not be read: it was moved aside.
    case jobStoreDamaged = "af889080cce742c3865a24aea7455a1f"
    /// Job records cannot be written, and are dropped until they can; answers go on.
    case jobRecordsDropped = "a1752601258e4f1183ffbe1d96448e6e"
    /// A job is over: answered, refused, failed or cancelled.
    case jobEnded = "4b301c18afed4a32b5f0224c30b4d273"
    /// A node has no keeper: it starts nothing until it has found one.
    case keeperLost = "9a2db6d4017243e5a33b3bb3d352711f"
    /// The scheduler hears nothing of a node any more; its tasks wait for it or go elsewhere.
    case nodeLost = "5811d16546404f1d8d38510de9e74f5e"
    /// A step of the sandbox is not in force on this machine.
    case sandboxIncomplete = "5155338804ed4f6c9ce1cc4a6fd69ad6"
    /// A daemon cannot start or must not go on, and ends.
    case daemonRefuses = "a178ee4249674771883edc2f301c3def"
    /// Log events came faster than they could be written, and some are missing.
    case eventsDropped = "01a1cbcd90e14da7803f415fb59381db"
}
