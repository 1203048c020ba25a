// SPDX-License-Identifier: Apache-2.0

import ChatTemplates
import Foundation
import Testing

/// Templates in use, cut, mixed and damaged. `DEEPFLOW_FUZZ_ROUNDS` makes the run longer.
@Suite("Template fuzzing")
struct TemplateFuzzTests {
    private static let pieces = [
        "{%", "%}", "{{", "}}", "{#", "#}", "-%}", "{%- ", "for x in messages", "endfor", "if ", "else", "endif", "(",
        ")",
        "[", "]", "[::-1]", "macro f(a)", "endmacro", "call f(1)", "endcall", "filter upper", "endfilter", "set x =",
        "|",
        "tojson(indent=4)", "~", "'", "\"", "\\", "range(99999)", "f(f(1))", "*", "99999999999999999999", "loop.index",
        "is",
        "not", "in", ".items()", ".append(messages)", "|from_json", "{1: 2}", "namespace(a=1)", "\u{0}", "ß", "🙂",
    ]

    @Test("every mutation compiles or is refused, renders or is refused within its limits")
    func mutations() throws {
        let rounds = Int(ProcessInfo.processInfo.environment["DEEPFLOW_FUZZ_ROUNDS"] ?? "") ?? 400
        let fixture = try RenderingFixture.load()
        let sources = fixture.templates.sorted { $0.key < $1.key }.map { Array($0.value.unicodeScalars) }
        let input = ChatInput(
            messages: [TemplateMessage(role: "user", content: "hi {{ x }} <|im_end|>")], addsGenerationPrompt: true)
        let limits = RenderLimits(steps: 20_000, outputBytes: 1 << 16)
        var state: UInt64 = 23
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(bound, 1)
        }
        for _ in 0..<rounds {
            var scalars = sources[random(sources.count)]
            for _ in 0...random(4) {
                let place = random(scalars.count)
                switch random(4) {
                case 0: scalars.insert(contentsOf: Self.pieces[random(Self.pieces.count)].unicodeScalars, at: place)
                case 1: scalars.removeSubrange(place..<min(scalars.count, place + 1 + random(20)))
                case 2:
                    let other = sources[random(sources.count)]
                    let start = random(other.count)
                    scalars.insert(contentsOf: other[start..<min(other.count, start + random(80))], at: place)
                default:
                    let end = min(scalars.count, place + random(40))
                    scalars.insert(contentsOf: Array(scalars[place..<end]), at: random(scalars.count))
                }
            }
            var source = String.UnicodeScalarView()
            source.append(contentsOf: scalars)
            guard let program = try? ChatTemplateCompiler.program(for: String(source)) else { continue }
            try program.withUnsafeBytes { bytes in
                // What the compiler accepts must be read back.
                let template = try ChatTemplate(verifying: bytes)
                guard let segments = try? template.render(input, limits: limits) else { return }
                #expect(segments.reduce(0) { $0 + $1.bytes.count } <= limits.outputBytes)
            }
        }
    }
}
