#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ../Patterns/PatternScripts.swift: the scripts that pre-tokenizers' expressions name and that the Swift runtime
does not know.

    pip install regex && python3 generate-scripts.py
"""

from __future__ import annotations

import pathlib

import regex

SCRIPTS = ["Han", "Hangul", "Hiragana", "Katakana"]


def ranges(script: str) -> list[tuple[int, int]]:
    """The script's characters as half-open ranges."""
    pattern = regex.compile(rf"\p{{{script}}}")
    found: list[tuple[int, int]] = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or not pattern.match(chr(code)):
            continue
        if found and found[-1][1] == code:
            found[-1] = (found[-1][0], code + 1)
        else:
            found.append((code, code + 1))
    return found


def source() -> str:
    """The Swift file."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// Made by Unicode/generate-scripts.py; do not edit.",
        "",
        "/// The characters of scripts that expressions name.",
        "enum PatternScripts {",
    ]
    for script in SCRIPTS:
        lines.append(f"    static let {script.lower()} = ScalarSet([")
        line = "       "
        for start, end in ranges(script):
            item = f" 0x{start:X}..<0x{end:X},"
            if len(line) + len(item) > 112:
                lines.append(line)
                line = "       "
            line += item
        lines += [line, "    ])"]
    return "\n".join(lines + ["}", ""])


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent
    (here.parent / "Patterns" / "PatternScripts.swift").write_text(source())
