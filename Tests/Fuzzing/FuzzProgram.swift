// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The command line of a run without guidance. Where libFuzzer is built in, its own main runs instead: see `GuidedRun`.
#if !LIBFUZZER
    @main
#endif
struct FuzzProgram {
    private static let usage = """
        usage: fuzz list                             the targets
               fuzz TARGET [--runs N] [--seed N]     committed inputs, then N damaged ones, the same for the same seed
               fuzz TARGET FILE...                   these inputs, to see again what one of them does
                    --save FOLDER                    where an input goes that ends the program; /tmp where none is given
        Packaging/fuzz searches with libFuzzer's guidance.

        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments == ["list"] { list() }
        guard let name = arguments.first, let target = FuzzTarget(named: name) else { misused() }
        exit(run(of: target, arguments.dropFirst()).run())
    }

    private static func run(of target: FuzzTarget, _ options: ArraySlice<String>) -> FuzzRun {
        var run = FuzzRun(target)
        var options = options
        while let option = options.popFirst() {
            switch option {
            case "--runs", "--seed":
                guard let text = options.popFirst(), let number = UInt64(text), number <= 1 << 40 else { misused() }
                if option == "--runs" { run.runs = Int(number) } else { run.seed = number }
            case "--save":
                guard let folder = options.popFirst() else { misused() }
                run.folder = folder
            case _ where option.hasPrefix("-"): misused()
            default: run.files.append(option)
            }
        }
        return run
    }

    /// Prints the targets' names and exits.
    static func list() -> Never {
        for target in FuzzTarget.all { print(target.name) }
        exit(0)
    }

    /// Says how the program is used, and exits.
    static func misused() -> Never {
        complain(usage)
        exit(64)
    }
}
