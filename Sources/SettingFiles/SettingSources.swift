// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import LinuxKernel

/// Where one program's settings come from, to be read at its start and again whenever it is told to.
package struct SettingSources: Sendable {
    /// The directory of the administrator's files.
    private static let administratorDirectory = "/etc/deepflow"

    private let program: ConfiguredProgram
    private let flags: SettingLayer
    private let environment: [String: String]
    private let vendorFile: String?
    private let file: String
    /// Somebody named the file: it has to exist.
    private let isNamed: Bool

    /// - Parameters:
    ///   - arguments: what flags there are; nil where the program is not started, but looked at.
    ///   - vendorDirectory: the defaults of the installation; nil where the running executable is not installed.
    package init(
        _ program: ConfiguredProgram, arguments: ProgramArguments? = nil, file: String? = nil,
        environment: [String: String], vendorDirectory: String? = InstallationPaths.vendorDirectory
    ) {
        self.program = program
        self.environment = environment
        flags = arguments?.layer ?? SettingLayer()
        let named = file ?? arguments?.configurationFile ?? environment["DEEPFLOW_CONFIGURATION"]
        isNamed = named != nil
        self.file = named ?? "\(Self.administratorDirectory)/\(program.rawValue).yaml"
        vendorFile = vendorDirectory.map { "\($0)/\(program.rawValue).yaml" }
    }

    /// Reads all sources, the weakest first.
    package func layers() -> [SettingLayer] {
        let settings = program.settings
        var layers: [SettingLayer] = []
        if let vendorFile, let layer = SettingFile.layer(at: vendorFile, settings: settings) { layers.append(layer) }
        if let layer = SettingFile.layer(at: file, settings: settings) {
            layers.append(layer)
        } else if isNamed {
            layers.append(SettingLayer(problem: SettingProblem(.file(path: file, line: 0), "there is no such file")))
        }
        return layers + dropIns(settings) + [SettingLayer(environment: environment, settings: settings), flags]
    }

    /// The files `*.yaml` of the directory beside the file, in alphabetical order.
    private func dropIns(_ settings: [SettingFacts]) -> [SettingLayer] {
        let directory = file + ".d"
        let names: [String]
        do throws(SystemCallError) {
            names = try DirectoryPath.files(in: directory)
        } catch {
            // Missing, or below a file that is no directory: then there are none.
            guard !error.isAbsence else { return [] }
            let what = "the directory cannot be read: \(error.call): \(error.reason); check its owner and mode"
            return [SettingLayer(problem: SettingProblem(.file(path: directory, line: 0), what))]
        }
        return names.sorted().compactMap { name in
            let path = "\(directory)/\(name)"
            if name.hasSuffix(".yml"), !name.hasPrefix(".") {
                return SettingLayer(
                    problem: SettingProblem(.file(path: path, line: 0), "the file's name must end in .yaml to be read"))
            }
            return name.hasSuffix(".yaml") && !name.hasPrefix(".")
                ? SettingFile.layer(at: path, settings: settings) : nil
        }
    }
}

/// Where an installation has its files, told from the running executable.
package enum InstallationPaths {
    /// `PREFIX/share/deepflow/defaults` for a program in `PREFIX/bin` or `PREFIX/lib/deepflow`; nil for one that is run
    /// from where it was built.
    package static let vendorDirectory: String? = {
        guard let directory = try? ProcessLaunch.sibling("") else { return nil }
        for place in ["/bin/", "/lib/deepflow/"] where directory.hasSuffix(place) {
            return directory.dropLast(place.count) + "/share/deepflow/defaults"
        }
        return nil
    }()
}
