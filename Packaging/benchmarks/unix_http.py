# SPDX-License-Identifier: Apache-2.0
"""HTTP over a Unix socket with the standard library."""

import http.client
import json
import socket
from typing import Any


class UnixConnection(http.client.HTTPConnection):
    """A connection whose address is a path."""

    def __init__(self, path: str, timeout: float = 120) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get_json(path: str, target: str) -> Any:
    """The decoded answer to a GET; an error status ends the program with the server's words."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{target}: {response.status} {body.decode(errors='replace')}")
        return json.loads(body)
    finally:
        connection.close()


def ask(connection: UnixConnection, model: str, text: str, tokens: int) -> int:
    """One answer over a connection that is kept; returns its number of tokens."""
    body = json.dumps(
        {"model": model, "max_tokens": tokens, "temperature": 1, "messages": [{"role": "user", "content": text}]}
    )
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise SystemExit(f"chat: {response.status} {answer.decode(errors='replace')}")
    return json.loads(answer)["usage"]["completion_tokens"]
