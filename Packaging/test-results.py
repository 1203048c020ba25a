# SPDX-License-Identifier: Apache-2.0
"""Counts the results of a test run: `test-results.py DIRECTORY TARGET...`; with `--unended` names what began and did not end.

For each target the directory holds `TARGET.xml` or `TARGET-swift-testing.xml` (the report), `TARGET.log` (the output) and,
where the run ended with an error, `TARGET.failed`; each further check left its word in `NAME.check`. Prints the skips with their
reasons and the counts; ends with 1 where anything failed or where a target ran nothing.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

CANCELLED = re.compile(r'^\S+ Test "?(.+?)"? was cancelled after [^:]*(?:: "?(.*?)"?)?$', re.MULTILINE)
STARTED = re.compile(r'^\S+ Test (?!run |case )(.+?) started\.$', re.MULTILINE)
ENDED = re.compile(r'^\S+ Test (?!run |case )(.+?)(?: with \d+ test cases?)? (?:passed|failed|was cancelled) after ', re.MULTILINE)


@dataclass
class Counts:
    """What became of all tests."""

    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)


def count_target(directory: pathlib.Path, target: str, counts: Counts) -> None:
    """Adds one target's report; a missing or empty one is a failure of the target itself."""
    report = directory / f"{target}.xml"
    if not report.exists():
        # Where XCTest is asked too, its report has the plain name.
        report = directory / f"{target}-swift-testing.xml"
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        counts.failures.append(f"{target}: no report, its process ended early ({error})")
        return
    if not cases:
        counts.failures.append(f"{target}: no test ran; is it in Package.swift?")
        return
    failed_before = len(counts.failures)
    for case in cases:
        name = f"{case.get('classname')}/{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failures.append(name)
        elif skipped is not None:
            counts.skips.append(f"{name}: {(skipped.text or '').strip() or 'no reason given'}")
        else:
            counts.passed += 1
    # The report calls tests passed that gave up on the way because something is missing here.
    for name, reason in CANCELLED.findall((directory / f"{target}.log").read_text(errors="replace")):
        counts.passed -= 1
        counts.skips.append(f"{target}/{name}: {reason or 'no reason given'}")
    if (directory / f"{target}.failed").exists() and len(counts.failures) == failed_before:
        counts.failures.append(f"{target}: the run ended with an error that no test reports; see {target}.log")


def count_checks(directory: pathlib.Path, counts: Counts) -> None:
    """Adds the checks that are one command each."""
    for path in sorted(directory.glob("*.check")):
        if path.read_text().strip() == "passed":
            counts.passed += 1
        else:
            counts.failures.append(path.stem)


def print_unended(directory: pathlib.Path, target: str) -> None:
    """Prints the tests of a target that began and did not end, one a line."""
    log = (directory / f"{target}.log").read_text(errors="replace")
    ended = set(ENDED.findall(log))
    for name in STARTED.findall(log):
        if name not in ended:
            print(f"hung: {name}")


def main(arguments: list[str]) -> int:
    """Prints the summary and returns the exit status."""
    if arguments[0] == "--unended":
        print_unended(pathlib.Path(arguments[1]), arguments[2])
        return 0
    directory, targets = pathlib.Path(arguments[0]), arguments[1:]
    counts = Counts()
    for target in targets:
        count_target(directory, target, counts)
    count_checks(directory, counts)
    for failure in counts.failures:
        print(f"failed: {failure}")
    reasons = "; ".join(counts.skips)
    print(f"{len(counts.skips)} skipped" + (f": {reasons}" if reasons else ""))
    print(f"{counts.passed} passed, {len(counts.failures)} failed")
    return 1 if counts.failures or counts.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
