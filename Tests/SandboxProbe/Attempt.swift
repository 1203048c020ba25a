// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What a child of the probe is told to do: behave like a healthy program, or like one that was taken over.
enum Attempt {
    /// `RESULT ERRNO` after the attempt; some never come back. nil where nothing has that name.
    static func outcome(of name: String, at place: ProbePlace) -> String? {
        if let call = CallTable.all.first(where: { $0.label == name }) {
            return call.make() ?? "no such call on this processor"
        }
        if name.hasPrefix(noisePrefix), let seed = UInt64(name.dropFirst(noisePrefix.count)) {
            return "\(Noise.send(seed: seed, on: place.channel)) 0"
        }
        errno = 0
        guard let result = HealthyBehaviour(rawValue: name)?.run() ?? escape(of: name)?.attempt(at: place) else {
            return nil
        }
        return "\(result) \(result == -1 ? errno : 0)"
    }
}

private let escapePrefix = "escape: "
/// `noise:SEED`: packets that nobody asked for, to whoever is at the other end of the channel.
private let noisePrefix = "noise:"

/// `escape: NAME`, since some escapes are called like the call that they make.
private func escape(of name: String) -> Escape? {
    name.hasPrefix(escapePrefix) ? Escape(named: String(name.dropFirst(escapePrefix.count))) : nil
}

/// What an attacker finds in an instance.
struct ProbePlace {
    /// The model's weights, mapped read-only.
    var weights: UnsafeMutableRawBufferPointer
    /// Another owner's keys and values, as an instance gets it: mapped from a descriptor that was opened for reading.
    var foreignBlocks: UnsafeMutableRawBufferPointer
    /// The writable part of a file whose rest belongs to others.
    var window: UnsafeMutableRawBufferPointer
    /// Its own memory for keys and values.
    var ownBlocks: UnsafeMutableRawBufferPointer
    /// Its channel to the daemon.
    var channel: CInt
}

/// What processes do that are well, or that end by a mistake of their own.
enum HealthyBehaviour: String, CaseIterable {
    case plainMapping, heapGrowth, threadHeap, startThread, signalSelf, messageOnError
    case abort, fatalError, badPointer, corruptHeap, stackOverflow

    func run() -> Int {
        switch self {
        case .plainMapping:
            let anonymous = MAP_PRIVATE | MAP_ANONYMOUS
            return mmap(nil, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0) == MAP_FAILED ? -1 : 0
        case .heapGrowth: return Self.growAndShrink()
        case .threadHeap: return Self.onThreads { _ = Self.growAndShrink() }
        case .startThread: return Self.onThreads {}
        case .signalSelf: return Int(raise(SIGCHLD))
        case .messageOnError:
            print("a healthy instance speaks")
            fflush(nil)
            return 0
        case .abort: Glibc.abort()
        case .fatalError: Swift.fatalError("an instance ends itself")
        case .badPointer: return UnsafePointer<Int>(bitPattern: 8)?.pointee ?? 0
        case .corruptHeap: return Self.freeTwice()
        case .stackOverflow: return Self.recurse(1)
        }
    }

    /// Small and large blocks, so that the heap grows by brk and by mmap and gives both back.
    private static func growAndShrink() -> Int {
        for size in [100, 5_000, 200_000, 40_000_000] {
            let count = min(2_000, 80_000_000 / size)
            var blocks: [UnsafeMutableRawPointer] = []
            for _ in 0..<count {
                guard let block = malloc(size) else { return -1 }
                memset(block, 1, min(size, 4096))
                blocks.append(block)
            }
            if let last = blocks.popLast() {
                // A large block cannot be remapped here; it is copied.
                guard let longer = realloc(last, size * 2), longer.load(as: UInt8.self) == 1 else { return -1 }
                blocks.append(longer)
            }
            for block in blocks { free(block) }
        }
        return 0
    }

    /// Runs `body` on eight threads at once and waits for their exits.
    private static func onThreads(_ body: @escaping @Sendable () -> Void) -> Int {
        final class Work: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var threads: [pthread_t] = []
        for _ in 0..<8 {
            var thread = pthread_t()
            let work = Unmanaged.passRetained(Work(body)).toOpaque()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                    return nil
                }, work)
            guard code == 0 else { return -1 }
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        return 0
    }

    private static func freeTwice() -> Int {
        let block = malloc(2_000_000)
        free(block)
        free(malloc(24))
        guard let small = malloc(24) else { return -1 }
        free(small)
        free(small)
        return 0
    }

    private static func recurse(_ depth: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { room in
            room.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: depth))
            return recurse(depth + 1) + Int(room[depth % 4096])
        }
    }
}
