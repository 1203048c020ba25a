#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of Unicode's normalisation forms as static text: records of fixed size in base 64, sorted.

Run it with PyPI's unicodedata2 16.0.0, so that the tables do not depend on the Python that is installed:

    pip install unicodedata2==16.0.0 && python3 generate-forms.py
"""

from __future__ import annotations

import pathlib

import unicodedata2 as unicodedata

VERSION = "16.0.0"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
WIDTH = 108


def number(value: int, digits: int) -> str:
    """A number of `digits` base-64 digits, highest first."""
    return "".join(DIGITS[value >> 6 * place & 63] for place in range(digits - 1, -1, -1))


def is_syllable(scalar: int) -> bool:
    """Hangul syllables are computed, not looked up."""
    return 0xAC00 <= scalar <= 0xD7A3


def canonical() -> list[str]:
    """Records {scalar, first, second or 0}: one step of canonical decomposition."""
    records = []
    for scalar in range(0x110000):
        parts = unicodedata.decomposition(chr(scalar)).split()
        if not parts or parts[0].startswith("<") or is_syllable(scalar):
            continue
        values = [int(part, 16) for part in parts] + [0]
        records.append(number(scalar, 4) + number(values[0], 4) + number(values[1], 4))
    return records


def compositions() -> list[str]:
    """Records {first, second, scalar}: the pairs that composition joins."""
    pairs = []
    for scalar in range(0x110000):
        parts = unicodedata.decomposition(chr(scalar)).split()
        if len(parts) == 2 and not parts[0].startswith("<") and not is_syllable(scalar):
            first, second = (int(part, 16) for part in parts)
            if unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(scalar):
                pairs.append((first, second, scalar))
    return ["".join(number(value, 4) for value in pair) for pair in sorted(pairs)]


def compatible() -> tuple[list[str], str]:
    """Records {scalar, offset in the expansions, size in scalars}, and the expansions: whole decompositions."""
    records = []
    expansions = ""
    for scalar in range(0x110000):
        text = unicodedata.normalize("NFKD", chr(scalar))
        if is_syllable(scalar) or text == unicodedata.normalize("NFD", chr(scalar)):
            continue
        digits = "".join(number(ord(part), 4) for part in text)
        place = expansions.find(digits)
        while place >= 0 and place % 4:
            place = expansions.find(digits, place + 1)
        if place < 0:
            place = len(expansions)
            expansions += digits
        records.append(number(scalar, 4) + number(place // 4, 3) + number(len(text), 1))
    return records, expansions


def literal(name: str, meaning: str, digits: str) -> str:
    """One static text, in lines that fit the width."""
    lines = [digits[start : start + WIDTH] for start in range(0, len(digits), WIDTH)]
    body = "\n".join(f"        {line}\\" for line in lines)[:-1]
    return f'    /// {meaning}\n    static let {name}: StaticString = """\n{body}\n        """\n'


def write(name: str, meaning: str, literals: list[str]) -> None:
    """A file of the tables beside this script."""
    text = (
        "// SPDX-License-Identifier: Apache-2.0\n// Made by generate-forms.py; do not edit.\n\n"
        f"/// {meaning} Unicode {VERSION}.\nenum {name} {{\n" + "\n".join(literals) + "}\n"
    )
    pathlib.Path(__file__).with_name(f"{name}.swift").write_text(text, encoding="utf-8")


def main() -> None:
    """Checks the version of the database and writes the files."""
    if unicodedata.unidata_version != VERSION:
        raise SystemExit(f"unicodedata2 {VERSION} is needed, found {unicodedata.unidata_version}")
    write(
        "CanonicalForms",
        "Canonical decompositions and compositions.",
        [
            literal("decompositions", "Records of 12 digits {scalar, first, second or 0}.", "".join(canonical())),
            literal("compositions", "Records of 12 digits {first, second, composed}.", "".join(compositions())),
        ],
    )
    records, expansions = compatible()
    write(
        "CompatibleForms",
        "Compatibility decompositions, as places in `CompatibleExpansions`.",
        [literal("records", "Records of 8 digits {scalar, 3 digits of offset, 1 digit of size}.", "".join(records))],
    )
    write(
        "CompatibleExpansions",
        "What compatibility decompositions come to.",
        [literal("scalars", "Scalars of 4 digits.", expansions)],
    )


if __name__ == "__main__":
    main()
