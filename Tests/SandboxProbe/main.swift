// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

// Attempts what a hostile instance would, for the tests. Under the name `probe-PROFILE` (a link) its template's children
// have that profile.
//
//     sandbox-probe template            started by a keeper in the engine's place
//     sandbox-probe pack NAME           one attempt as a packer
//     sandbox-probe matrix --keeper SOCKET --profile PROFILE [--behind-filter]
//                                       tries every call as a node daemon's instances; a line each
//     sandbox-probe price               what the sandbox costs
//     sandbox-probe names               all calls, escapes and healthy behaviours

let arguments = CommandLine.arguments
let program = arguments.first?.split(separator: "/").last.map(String.init) ?? ""
let profile = ProbeProfile(rawValue: String(program.trimmingPrefix("probe-"))) ?? .instance

switch arguments.dropFirst().first {
case "template": exit(ProbeTemplate(profile: profile).run(arguments.dropFirst(2)))
case "pack" where arguments.count == 3: exit(ProbePacker.run(arguments[2]))
case "matrix": exit(MatrixRun.run(arguments.dropFirst(2)))
case "price": exit(Price.run())
case "names":
    for call in CallTable.all { print("call", call.label) }
    for name in Escape.names { print("escape", name) }
    for behaviour in HealthyBehaviour.allCases { print("healthy", behaviour.rawValue) }
    exit(0)
default: exit(64)
}
