# SPDX-License-Identifier: Apache-2.0
"""The processes of one server and what the kernel says of each."""

import os
import pathlib
from dataclasses import dataclass

from unix_http import get_json

@dataclass(frozen=True)
class Process:
    """One process of the server."""

    name: str
    pid: int

    def private_kib(self) -> int:
        """RssAnon in KiB; instances are not dumpable, so their smaps cannot be read."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        return 0

    def descriptors(self) -> int | None:
        """How many descriptors are open; None where the caller may not look."""
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except PermissionError:
            return None

    def cpu_seconds(self) -> float:
        """User and system time since its start."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_server(socket: str) -> list[Process]:
    """All processes behind an admin socket, as the server itself lists them."""
    processes = [Process("deepflow-schedulerd", get_json(socket, "/v1/deepflow/version")["processID"])]
    for node in get_json(socket, "/v1/deepflow/nodes"):
        status = node.get("status")
        if status:
            processes.append(Process("deepflow-noded", status["processID"]))
            processes.append(Process("deepflow-keeper", status["keeperProcessID"]))
    for entry in get_json(socket, "/v1/deepflow/templates"):
        processes.append(Process("flowserve template", entry["template"]["processID"]))
    for entry in get_json(socket, "/v1/deepflow/instances"):
        processes.append(Process("flowserve instance", entry["instance"]["processID"]))
    return processes
