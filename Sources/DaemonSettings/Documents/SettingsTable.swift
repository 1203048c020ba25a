// SPDX-License-Identifier: Apache-2.0

/// The page of the manual that lists every setting: made from the declarations, committed, and compared with them by a
/// test.
package enum SettingsTable {
    /// The page in Markdown.
    package static var markdown: String {
        ConfiguredProgram.allCases.reduce(introduction) { $0 + "\n" + section($1) }
    }

    private static let introduction = """
        # Settings

        Made by `deepflow config settings`; edit the declarations in `Sources/DaemonSettings/Programs`, not this page.

        A setting's value comes from, the later over the earlier: its default; `/usr/share/deepflow/defaults/NAME.yaml`;
        `/etc/deepflow/NAME.yaml`; `/etc/deepflow/NAME.yaml.d/*.yaml` in alphabetical order; the environment; flags. NAME is
        `scheduler` or `node`. A dot in a setting's name is a level of the file: `http.idle_timeout` is `idle_timeout` below
        `http`. Its variable is `DEEPFLOW_` and the name in capitals with `_` for each dot: `DEEPFLOW_HTTP_IDLE_TIMEOUT`.

        *Reload* says whether a running daemon takes a new value on SIGHUP or `systemctl reload`; what waits for a restart is
        logged then. `deepflow config check` finds what is wrong, `deepflow config show --origin` says where each value comes
        from.

        """

    private static func section(_ program: ConfiguredProgram) -> String {
        let defaults = program.defaults
        let rows = program.settings.map { facts in
            let flag = facts.flag.map { "`--\($0)`" } ?? "in files only"
            let value = defaults[facts.name].map { "\($0)" } ?? ""
            return "| `\(facts.name)` | \(flag) | \(value) | \(facts.allowed) | \(facts.isReloadable ? "yes" : "no") "
                + "| \(facts.help) |\n"
        }
        return "## `\(program.rawValue).yaml`, read by `\(program.command)`\n\n"
            + "| setting | flag | default | allowed | reload | what it does |\n|---|---|---|---|---|---|\n"
            + rows.joined()
    }
}
