// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Testing

@Suite("ProgramDecoder")
struct ProgramDecoderTests {
    private let input = ChatInput(
        messages: [TemplateMessage(role: "user", content: "hello you")], addsGenerationPrompt: true)

    private func programs() throws -> [[UInt8]] {
        try RenderingFixture.load().templates.sorted { $0.key < $1.key }.map {
            try ChatTemplateCompiler.program(for: $0.value)
        }
    }

    @Test("every truncation of a program is refused")
    func truncations() throws {
        for program in try programs() {
            for size in stride(from: 0, to: program.count, by: 7) {
                _ = program[..<size].withUnsafeBytes { bytes in
                    #expect(throws: ChatTemplateError.self) { try ChatTemplate(verifying: bytes) }
                }
            }
        }
    }

    @Test("random damage is refused or stays within the limits")
    func damage() throws {
        let programs = try programs()
        var state: UInt64 = 4
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<3_000 {
            var program = programs[random(programs.count)]
            for _ in 0...random(4) { program[8 + random(program.count - 8)] = UInt8(random(256)) }
            program.withUnsafeBytes { bytes in
                guard let template = try? ChatTemplate(verifying: bytes) else { return }
                _ = try? template.render(input, limits: RenderLimits(steps: 20_000, outputBytes: 1 << 16))
            }
        }
    }
}
