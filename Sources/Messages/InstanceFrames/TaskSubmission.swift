// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A task as an instance gets it: its work with prompts as text, and how much of the reply was delivered before.
///
/// It can be larger than one packet and travels in parts (`ToInstance.submissionPart`), so it has an encoding of its
/// own: a frame of kind 0 that never leaves the two ends.
package struct TaskSubmission: Hashable, Sendable {
    /// Upper bounds of what an instance accepts; the gateway's limits are below them.
    package enum Limits {
        /// Bytes of all parts together.
        package static let byteCount = 8 << 20
        /// Messages of a conversation.
        package static let messages = 4096
        /// Of one message.
        package static let toolCalls = 1024
        /// Tokens of an answer that goes on.
        package static let generated = 1 << 20
        /// Tokens of a prompt that is given as tokens.
        package static let promptTokens = 1 << 20
    }

    /// The task.
    package var task: TaskID
    /// What is asked for.
    package var work: TaskWork
    /// Index of the first part that is wanted.
    package var delivered: Int
    /// Tokens of the answer so far, as many as were delivered; empty for other work.
    package var generated: [Int32]
    /// For whom the task is: `TenantName.tag`. Tenants take turns within an instance.
    package var tenant: UInt64
    /// The tenant's part of steps and memory, beside others.
    package var tenantWeight: TenantWeight
    /// How urgent it is.
    package var serviceClass: ServiceClass

    /// A submission; the defaults are those of a reply that begins, for an instance that serves one tenant.
    package init(
        task: TaskID, work: TaskWork, delivered: Int = 0, generated: [Int32] = [], tenant: UInt64 = 0,
        tenantWeight: TenantWeight = .one, serviceClass: ServiceClass = .interactive
    ) {
        self.task = task
        self.work = work
        self.delivered = delivered
        self.generated = generated
        self.tenant = tenant
        self.tenantWeight = tenantWeight
        self.serviceClass = serviceClass
    }

    /// What an instance needs of a serving task.
    package init(_ task: ServingTask) {
        self.init(
            task: task.id, work: task.work, delivered: task.delivered, generated: task.generated,
            tenant: task.tenant.tag, tenantWeight: task.tenantWeight, serviceClass: task.serviceClass)
    }

    /// All of it, to be sent in parts.
    package func encoded() -> [UInt8] {
        var writer = FrameWriter(kind: 0)
        writer.put(task.rawValue)
        writer.put(tenant)
        writer.put(UInt16(clamping: tenantWeight.value))
        writer.put(UInt8(serviceClass.rank))
        writer.put(UInt32(clamping: delivered))
        writer.put(tokens: generated)
        writer.put(work)
        return writer.finish()
    }

    /// Reads what `encoded` made; throws `FrameError` for anything else.
    package init(decoding bytes: [UInt8]) throws(FrameError) {
        do {
            self = try bytes.withUnsafeBytes { try Self(bytes: $0) }
        } catch let error as FrameError {
            throw error
        } catch {
            throw .outOfRange(field: "submission")
        }
    }

    private init(bytes: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = try FrameReader(bytes)
        guard reader.kind == 0 else { throw .unknownKind(reader.kind) }
        task = TaskID(rawValue: try reader.take("task"))
        tenant = try reader.take("tenant")
        guard let weight = TenantWeight(Int(try reader.take(UInt16.self, "tenant weight"))) else {
            throw .outOfRange(field: "tenant weight")
        }
        tenantWeight = weight
        let rank = Int(try reader.take(UInt8.self, "service class"))
        guard let serviceClass = ServiceClass.allCases.first(where: { $0.rank == rank }) else {
            throw .outOfRange(field: "service class")
        }
        self.serviceClass = serviceClass
        delivered = try reader.takeCount("delivered", limit: Limits.generated)
        generated = try reader.takeTokens("generated", limit: Limits.generated)
        work = try reader.takeWork()
        try reader.finish()
    }
}
