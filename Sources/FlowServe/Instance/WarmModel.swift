// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LanguageModels
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// A model with everything made that its instances need, before there is one: a template makes it once, and each forked
/// child uses it as it finds it, with memory and threads of its own. Pages that a child writes become its own; all
/// others stay shared.
package final class WarmModel {
    let image: ServingModelImage
    let runner: ModelRunner
    let limits: BatchLimits
    /// Where the rehearsal keeps keys and values; a child has other memory.
    private let rehearsalMemory: MappedMemory

    /// Makes the runner of an image, for steps within `limits`. Starts no thread.
    package init(_ image: ServingModelImage, limits: BatchLimits = BatchLimits()) throws(ServingModelImageError) {
        rehearsalMemory = try Self.rehearsalMemory(for: image)
        self.image = image
        let limits = limits.holding(image.artefact.configuration)
        self.limits = limits
        do throws(ModelRunnerError) {
            runner = try ModelRunner(
                artefact: image.artefact, keyValueMemory: rehearsalMemory.bytes, rankCount: 1,
                maxStepTokens: limits.tokensPerStep)
        } catch {
            throw .model(error)
        }
    }

    private static func rehearsalMemory(for image: ServingModelImage) throws(ServingModelImageError) -> MappedMemory {
        let bytes = KVLayout(configuration: image.artefact.configuration).bytesPerBlock
        do throws(SystemCallError) {
            return try MappedMemory(ownBytes: bytes)
        } catch {
            throw .rehearsalMemory(bytes: bytes, errno: error.code)
        }
    }

    /// The engine of an instance, over its own memory for keys and values, which is aligned to 64 bytes.
    func makeEngine(
        keyValueMemory: UnsafeMutableRawBufferPointer, settings: InstanceSettings
    ) throws(ModelRunnerError) -> Engine {
        try runner.useKeyValueMemory(keyValueMemory, keyValueType: settings.keyValueType)
        return Engine(
            image: image, runner: runner, limits: EngineLimits(maximumTasks: settings.maximumTasks, batch: limits))
    }
}

extension BatchLimits {
    /// The same with room for every text of an encoder, whose tokens must be in one step.
    fileprivate func holding(_ model: ModelConfiguration) -> BatchLimits {
        var limits = self
        if model.architecture.isEncoder {
            limits.tokensPerStep = max(tokensPerStep, min(model.contextLength, ModelRunner.largestStep))
        }
        return limits
    }
}
