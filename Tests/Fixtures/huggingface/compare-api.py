#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a running server for what transformers computed with the folders beside this file: answers of 64 tokens, and the
vectors of encoders. The models are added first.

    compare-api.py DEEPFLOW RUNTIME_DIRECTORY     the command, and where api.sock and admin.sock are

Needs nothing but Python. Ends with 1 where something differs. In an answer, bytes beyond ASCII are all the same sign.
"""
import array
import http.client
import json
import math
import pathlib
import socket
import subprocess
import sys

POSITIONS, PROMPT = 64, 16
FOLDER = pathlib.Path(__file__).resolve().parent


class SocketConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[2] + "/api.sock")


def ask(path, body):
    connection = SocketConnection("localhost")
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def reference(name):
    """The text, the numbers after each of its tokens, and the answer to its first ones."""
    data = (FOLDER / f"{name}.logits").read_bytes()
    words = array.array("I", data)
    floats = array.array("f", data)
    width, start = words[0], 1 + POSITIONS
    rows = [floats[start + row * width:start + (row + 1) * width] for row in range(POSITIONS)]
    return words[1:start].tolist(), rows, words[start + POSITIONS * width:].tolist()


def letters():
    """What each of the tokens is as text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    bytes_of = {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
    plain = [bytes_of[letter] for letter in sorted(bytes_of)]
    return [chr(byte) if byte < 128 else "\ufffd" for byte in plain] + ["he"] + [f"<|{n}|>" for n in range(257, 272)]


def compare_answer(name, tokens, answer, texts):
    reply = ask("/v1/completions", {
        "model": name, "prompt": tokens[:PROMPT], "max_tokens": POSITIONS, "temperature": 0, "logprobs": 0,
        "ignore_eos": True})
    given = reply["choices"][0]["logprobs"]["tokens"]
    wanted = [texts[token] for token in answer]
    print(f"{name}: " + ("64 tokens equal" if given == wanted else f"differs: {given} {wanted}"))
    return given == wanted


def compare_vectors(name, tokens, rows):
    mean = [sum(column) for column in zip(*rows)]
    largest = 0.0
    for pooling, numbers in (("mean", mean), ("cls", rows[0])):
        reply = ask("/v1/embeddings", {"model": name, "input": [tokens], "pooling": pooling})
        length = math.sqrt(sum(number * number for number in numbers))
        given = reply["data"][0]["embedding"]
        largest = max(largest, *(abs(ours - theirs / length) for ours, theirs in zip(given, numbers)))
    print(f"{name}: vectors differ by at most {largest:.1e}")
    return largest < 1e-5


if __name__ == "__main__":
    same = True
    for path in sorted(FOLDER.glob("*.logits")):
        subprocess.run([
            sys.argv[1], "--socket", sys.argv[2] + "/admin.sock", "model", "add", path.stem, str(path.with_suffix(""))],
            check=True, capture_output=True)
        tokens, rows, answer = reference(path.stem)
        if answer:
            same &= compare_answer(path.stem, tokens, answer, letters())
        else:
            same &= compare_vectors(path.stem, tokens, rows)
    sys.exit(0 if same else 1)
