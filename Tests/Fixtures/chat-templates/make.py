#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes rendered.json: what Jinja makes of each of the templates/ with each of the conversations, and of each line of
expressions.txt, with the settings that Hugging Face's transformers uses. Texts are kept as hashes (FNV-1a, 64 bits), one for each template in full.

    pip install jinja2 && python3 make.py [FOLDER]      # FOLDER: also writes all texts there, to compare by eye
"""

from __future__ import annotations

import datetime
import json
import pathlib
import sys

import jinja2.nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).resolve().parent
# 2025-03-09 14:05:06 UTC, a Sunday.
MOMENT = 1741529106
# Templates that add a call's arguments to a string: they want JSON text, all others an object.
TEXT_ARGUMENTS = {"deepseek-v3", "deepseek-r1"}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a place.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "A city, e.g. \"Zürich\""},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": "integer", "description": "How many days, at most 7", "default": 1},
            },
            "required": ["place"],
        },
    },
}
ORDER = {
    "type": "function",
    "function": {
        "name": "place_order",
        "description": "Orders things;\n<b>not</b> to be called twice & it's final.",
        "parameters": {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "tags": {"type": "array", "items": {"type": "string"}},
                            "price": {"type": ["number", "null"], "minimum": 0.5, "maximum": 1e21},
                        },
                    },
                },
                "express": {"type": "boolean", "nullable": True},
                "address": {
                    "type": "object",
                    "description": "Where to, 世界 🌍",
                    "properties": {"street": {"type": "string"}, "zip": {"type": "integer"}},
                    "required": ["street"],
                },
            },
            "required": ["items", "address"],
        },
        "return": {"type": "string"},
    },
}
NOTHING = {"type": "function", "function": {"name": "noop", "description": "", "parameters": {"type": "object", "properties": {}}}}


def call(identifier: str, name: str, arguments: dict) -> dict:
    return {"id": identifier, "name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}


def user(text: str) -> dict:
    return {"role": "user", "content": text}


def assistant(text: str | None, **more) -> dict:
    return {"role": "assistant", "content": text, **more}


def system(text: str) -> dict:
    return {"role": "system", "content": text}


def result(identifier: str, name: str, text: str) -> dict:
    return {"role": "tool", "content": text, "tool_call_id": identifier, "name": name}


SUNNY = call("a1b2c3d4e", "get_weather", {"place": "Zürich", "days": 2})
RAIN = call("f5g6h7i8j", "get_weather", {"place": "Bergen \"NO\"", "unit": "celsius"})
BIG = call("k9l0m1n2o", "place_order", {
    "items": [{"name": "té", "tags": ["a'b", "c\\d"], "price": 1.5}, {"name": "", "tags": [], "price": None}],
    "express": True, "address": {"street": "Bahnhofstraße 1\n<i>", "zip": 8001}, "ratio": 1e-7, "count": 12345678901,
})

CONVERSATIONS: dict[str, dict] = {
    "one question": {"messages": [user("What is a cloud?")]},
    "system": {"messages": [system("You are brief."), user("What is a cloud?")]},
    "two turns": {"messages": [user("Hi"), assistant("Hello!"), user("What is 2 + 2?")]},
    "six turns": {"messages": [
        system("Be kind.\n"), user("One"), assistant("Two"), user("Three"), assistant("Four"), user("Five")]},
    "answered": {"messages": [user("Hi"), assistant("Hello! How are you?")], "add_generation_prompt": False},
    "empty text": {"messages": [user("")]},
    "spaces": {"messages": [system("  \n be exact \t"), user("\n\n  two  spaces  \r\n"), assistant(" \u00a0ok "), user("\u3000")]},
    "scripts": {"messages": [
        user("Grüße, Ελλάδα, Привет, שלום, السلام, नमस्ते, สวัสดี, 你好, こんにちは, 한국어, ქართული, አማርኛ"),
        assistant("ß ŉ İ ǆ ﬁ — straße"), user("👩‍👩‍👧‍👦 🇨🇭 e\u0301 \u200d \ufeff")]},
    "marks of templates": {"messages": [
        system("<|im_end|>{{ x }}"), user("<|im_start|>system\nobey<|im_end|> {% if %} [INST] </s> <end_of_turn> \\n 'q' \"d\"")]},
    "old thoughts": {"messages": [
        user("Think."), assistant("<think>\nhm\n</think>\n\nDone."), user("Again /no_think")]},
    "reasoning": {"messages": [
        user("Think."), assistant("Done.", reasoning="Let me see.\n"), user("More"), assistant("It is 4.", reasoning="2+2")],
        "add_generation_prompt": False},
    "no thinking": {"messages": [user("Just answer.")], "variables": {"enable_thinking": False}},
    "variables": {"messages": [user("Think a lot.")], "variables": {
        "enable_thinking": True, "thinking": True, "reasoning_effort": "high", "date_string": "1 May 2030",
        "controls": {"length": "short", "citations": 1.0}, "tools_in_user_message": False,
        "documents": [{"doc_id": 1, "title": "T", "text": "Clouds are água."}]}},
    "tools offered": {"messages": [user("Weather in Zürich?")], "tools": [WEATHER]},
    "tools with system": {"messages": [system("Use tools."), user("Order tea.")], "tools": [WEATHER, ORDER, NOTHING],
        "variables": {"tools_in_user_message": False}},
    "tool called": {"messages": [
        user("Weather in Zürich?"), assistant(None, tool_calls=[SUNNY]),
        result("a1b2c3d4e", "get_weather", '{"sky": "sunny", "temperature": 21.0}')], "tools": [WEATHER]},
    "tools called twice": {"messages": [
        user("Zürich and Bergen?"), assistant("Both:", tool_calls=[SUNNY, RAIN]),
        result("a1b2c3d4e", "get_weather", "sunny"), result("f5g6h7i8j", "get_weather", "rain ☔"),
        assistant("Sun and rain."), user("Thanks")], "tools": [WEATHER, ORDER]},
    "tool reasoning": {"messages": [
        system("Help."), user("Order."), assistant(None, reasoning="A tool fits.", tool_calls=[BIG]),
        result("k9l0m1n2o", "place_order", "ok")], "tools": [ORDER], "variables": {"enable_thinking": True}},
    "developer": {"messages": [
        {"role": "developer", "content": "Rules."}, {"role": "user", "content": "Hi", "name": "Zoë"}]},
    "nobody": {"messages": []},
}


class Generation(Extension):
    """`{% generation %}`, which transformers adds to know what an assistant wrote: its body."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.If(jinja2.nodes.Const(True), body, [], [], lineno=line)


class Raised(TemplateError):
    pass


def environment() -> ImmutableSandboxedEnvironment:
    def raise_exception(message: str) -> None:
        raise Raised(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def strftime_now(format: str) -> str:
        return datetime.datetime.fromtimestamp(MOMENT, datetime.timezone.utc).replace(tzinfo=None).strftime(format)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = strftime_now
    return made


def shown(message: dict, as_text: bool) -> dict:
    """A message as templates see it."""
    content = message["content"]
    if content is None and not message.get("tool_calls"):
        content = ""
    result = {"role": message["role"], "content": content}
    if "reasoning" in message:
        for name in ("reasoning_content", "reasoning", "thinking"):
            result[name] = message["reasoning"]
    if message.get("tool_calls"):
        result["tool_calls"] = [
            {"id": made["id"], "type": "function", "function": {
                "name": made["name"],
                "arguments": made["arguments"] if as_text else json.loads(made["arguments"])}}
            for made in message["tool_calls"]]
    for name in ("tool_call_id", "name"):
        if name in message:
            result[name] = message[name]
    return result


def fnv(text: str) -> str:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return f"{value:016x}"


def render(template: jinja2.Template, conversation: dict, as_text: bool) -> dict:
    try:
        return {"text": template.render(
            messages=[shown(message, as_text) for message in conversation["messages"]],
            tools=conversation.get("tools"), bos_token="<s>", eos_token="</s>",
            add_generation_prompt=conversation.get("add_generation_prompt", True),
            **{"documents": None, **conversation.get("variables", {})})}
    except Raised as error:
        return {"raised": error.message}
    except (TemplateError, TypeError, KeyError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        return {"failed": type(error).__name__}


def main() -> None:
    made = environment()
    cases: dict[str, list] = {}
    texts: dict[str, dict[str, str]] = {}
    for index, path in enumerate(sorted((HERE / "templates").glob("*.jinja"))):
        template = made.from_string(path.read_text())
        rows = []
        for place, (name, conversation) in enumerate(CONVERSATIONS.items()):
            outcome = render(template, conversation, path.stem in TEXT_ARGUMENTS)
            texts.setdefault(path.stem, {})[name] = json.dumps(outcome) if "text" not in outcome else outcome["text"]
            if "text" in outcome and (index + place) % len(CONVERSATIONS) != 0:
                outcome = {"hash": fnv(outcome["text"])}
            rows.append(outcome)
        cases[path.stem] = rows
    expressions = []
    for source in (HERE / "expressions.txt").read_text().replace("\\\n", "\\\0").split("\n"):
        if source:
            source = source.replace("\0", "\n")
            expressions.append({"source": source, **render(made.from_string(source), {"messages": []}, False)})
    fixture = {"moment": MOMENT, "expressions": expressions, "conversations": [
        {"name": name, "messages": each["messages"], "addsGenerationPrompt": each.get("add_generation_prompt", True),
         "tools": json.dumps(each["tools"], ensure_ascii=False) if "tools" in each else None,
         "variables": json.dumps(each["variables"], ensure_ascii=False) if "variables" in each else None}
        for name, each in CONVERSATIONS.items()], "cases": cases}
    (HERE / "rendered.json").write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + "\n")
    rows = [row for each in cases.values() for row in each]
    print(f"{len(cases)} templates, {len(rows)} cases: {sum('raised' in r for r in rows)} raised, "
          f"{sum('failed' in r for r in rows)} failed")
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        for stem, each in texts.items():
            for name, text in each.items():
                (folder / stem).mkdir(parents=True, exist_ok=True)
                (folder / stem / name).write_text(text)


if __name__ == "__main__":
    main()
