// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import Sandbox
internal import ServingModel

/// What the keeper holds of a template. Nothing here decides, and nothing waits.
final class TemplateHandles {
    /// The template's and its instances'; nil without control groups.
    var group: OwnedControlGroup?
    /// Where the system calls of the template and of all its children arrive that their filter leaves to the keeper. Kept
    /// until the last of them has ended, longer than the template: a call that nobody receives is refused, but neither
    /// named nor the end of its process.
    private(set) var listener: CallListener?
    /// nil once it is closed.
    private var channel: PacketSocket?
    private let number: Int
    private let sources: ReadinessSources<EventSource>

    /// `channel` is watched from now on.
    init(
        _ number: Int, channel: consuming PacketSocket, _ sources: ReadinessSources<EventSource>
    ) throws(SystemCallError) {
        let descriptor = channel.descriptor.rawValue
        self.number = number
        self.channel = consume channel
        self.sources = sources
        try sources.add(.templateChannel(number), descriptor)
    }

    deinit {
        sources.remove(.templateChannel(number))
        sources.remove(.systemCalls(number))
    }

    /// Nothing of the template is read any more, which it sees as its end.
    func closeChannel() {
        sources.remove(.templateChannel(number))
        channel = nil
    }

    /// Gives the template its model. One that died meanwhile is reported by its process.
    func load(name: String, artefact: SharedDescriptor) {
        _ = channel?.sendFrame(ToTemplate.load(name: name), descriptors: [artefact.rawValue])
    }

    /// Passes the order to fork on, with what each child gets; false where the template does not take it.
    func fork(_ instances: [InstanceHandles], _ settings: InstanceSettings) -> Bool {
        let tags = ForkDescriptor.allCases
        let order = ToTemplate.fork(instances.map(\.id), descriptors: tags, settings)
        return channel?.sendFrame(order, descriptors: instances.flatMap { $0.descriptors(tags) }) == true
    }

    /// The template's next message. The listener of its filter is kept where it may come along.
    func nextMessage(
        mayBringListener: Bool, into buffer: UnsafeMutableRawBufferPointer
    ) -> FrameArrival<FromTemplate> {
        var descriptors = ReceivedDescriptors()
        let arrival: FrameArrival<FromTemplate>? = channel?.receiveFrame(
            into: buffer, descriptors: &descriptors, allowsDescriptors: mayBringListener)
        guard descriptors.count <= 1 else { return .refused("more than one descriptor") }
        if let descriptor = descriptors.takeFirst() {
            let arrived = CallListener(owning: descriptor)
            // One that cannot be watched is none.
            let isWatched = (try? sources.add(.systemCalls(number), arrived.descriptor.rawValue)) != nil
            listener = isWatched ? arrived : nil
        }
        return arrival ?? .nothing
    }

    /// The call that waits at the listener, whose last process may have ended instead.
    func nextCall(_ event: ReadinessList.Event) -> InterceptedCall? {
        do throws(SystemCallError) {
            if event.isReadable { return try listener?.receive() }
        } catch {
            KeeperLog.write("a listener cannot be read: \(error)")
        }
        sources.remove(.systemCalls(number))
        listener = nil
        return nil
    }
}
