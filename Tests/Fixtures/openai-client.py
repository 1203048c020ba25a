# SPDX-License-Identifier: Apache-2.0
"""Uses a DeepFlow server as any program would use OpenAI's: `openai-client.py SOCKET MODEL`. Prints `ok` at the end."""

import sys

import httpx2
import openai


def connect(socket: str) -> openai.OpenAI:
    """A client over a Unix socket; the key is not looked at, identity comes from the kernel."""
    transport = httpx2.HTTPTransport(uds=socket)
    return openai.OpenAI(
        base_url="http://localhost/v1", api_key="unused", http_client=httpx2.Client(transport=transport), max_retries=0
    )


def check_answers(client: openai.OpenAI, model: str) -> None:
    """Whole and streamed answers agree; usage comes with the last event."""
    assert [entry.id for entry in client.models.list()] == [model]
    messages = [{"role": "user", "content": "What is an instance?"}]
    whole = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=50)
    text = whole.choices[0].message.content
    assert text and whole.choices[0].finish_reason in ("stop", "length")
    stream = client.chat.completions.create(
        model=model, messages=messages, temperature=0, max_tokens=50, stream=True, stream_options={"include_usage": True}
    )
    events = list(stream)
    streamed = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert streamed == text, (streamed, text)
    assert events[-1].usage is not None and events[-1].usage.completion_tokens == whole.usage.completion_tokens
    completion = client.completions.create(model=model, prompt="A template is", max_tokens=5, temperature=0)
    assert completion.choices[0].text and completion.usage.completion_tokens <= 5


def check_errors(client: openai.OpenAI, model: str) -> None:
    """Errors become the client's own exceptions."""
    messages = [{"role": "user", "content": "Hello!"}]
    for error, arguments in (
        (openai.NotFoundError, {"model": "nobody", "messages": messages}),
        (openai.BadRequestError, {"model": model, "messages": messages, "max_tokens": -1}),
        (openai.BadRequestError, {"model": model, "messages": [{"role": "user", "content": "word " * 20000}]}),
    ):
        try:
            client.chat.completions.create(**arguments)
        except error as caught:
            assert caught.body["message"], caught
        else:
            raise AssertionError(f"no {error.__name__} for {list(arguments)}")


def check_hang_up(client: openai.OpenAI, model: str) -> None:
    """A stream that is left early leaves the server able to answer."""
    messages = [{"role": "user", "content": "Tell me all about DeepFlow."}]
    stream = client.chat.completions.create(
        model=model, messages=messages, max_tokens=800, stream=True, extra_body={"ignore_eos": True}
    )
    for count, _ in enumerate(stream):
        if count == 5:
            break
    stream.close()
    assert client.chat.completions.create(model=model, messages=messages, max_tokens=3).choices


def main() -> None:
    client, model = connect(sys.argv[1]), sys.argv[2]
    check_answers(client, model)
    check_errors(client, model)
    check_hang_up(client, model)
    print("ok")


if __name__ == "__main__":
    main()
