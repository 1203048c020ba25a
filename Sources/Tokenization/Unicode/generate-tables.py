#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes UnicodeRanges.swift: the letters, numbers and white space that pre-tokenizers tell apart.

Run it with PyPI's unicodedata2 16.0.0, so that the tables do not depend on the Python that is installed:

    pip install unicodedata2==16.0.0 && python3 generate-tables.py
"""

from __future__ import annotations

import pathlib

import unicodedata2 as unicodedata

VERSION = "16.0.0"
WHITE_SPACE = [0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
FIRST = 0x80  # ASCII is decided by comparison, not by table.
CLASSES = {"letter": 1, "number": 2, "whiteSpace": 3}


def class_of(scalar: int) -> int:
    """The class of a scalar as `CharacterClass` numbers it; 0 for everything else."""
    category = unicodedata.category(chr(scalar))
    if category.startswith("L"):
        return CLASSES["letter"]
    if category.startswith("N"):
        return CLASSES["number"]
    return CLASSES["whiteSpace"] if scalar in WHITE_SPACE else 0


def boundaries() -> list[tuple[int, int]]:
    """Each scalar at which the class changes, with the class that begins there."""
    changes: list[tuple[int, int]] = [(FIRST, class_of(FIRST))]
    for scalar in range(FIRST + 1, 0x110000):
        found = class_of(scalar)
        if found != changes[-1][1]:
            changes.append((scalar, found))
    return changes


def source(changes: list[tuple[int, int]]) -> str:
    """The Swift file: one number per change, the scalar shifted by two bits with its class below."""
    numbers = [f"0x{scalar << 2 | kind:X}" for scalar, kind in changes]
    lines: list[str] = []
    line = ""
    for number in numbers:
        if len(line) + len(number) + 2 > 108:
            lines.append(line.rstrip())
            line = ""
        line += number + ", "
    lines.append(line.rstrip())
    body = "\n".join("        " + text for text in lines)
    return (
        "// SPDX-License-Identifier: Apache-2.0\n"
        "// Made by generate-tables.py; do not edit.\n\n"
        "/// Where the class of characters changes, from the first scalar beyond ASCII on.\n"
        "enum UnicodeRanges {\n"
        "    /// The version of the Unicode character database.\n"
        f'    static let version = "{VERSION}"\n\n'
        "    /// Ascending; each entry is a scalar shifted left by two bits, with the class that begins there.\n"
        "    static let changes: [UInt32] = [\n"
        f"{body}\n"
        "    ]\n"
        "}\n"
    )


def main() -> None:
    """Checks the version of the database and writes the file beside this script."""
    if unicodedata.unidata_version != VERSION:
        raise SystemExit(f"unicodedata2 {VERSION} is needed, found {unicodedata.unidata_version}")
    target = pathlib.Path(__file__).with_name("UnicodeRanges.swift")
    target.write_text(source(boundaries()), encoding="utf-8")


if __name__ == "__main__":
    main()
