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
        (openai.BadRequestError, {"model": model, "messages": messages, "extra_body": {"max_new_tokens": 5}}),
        (openai.BadRequestError, {"model": model, "messages": messages, "response_format": {"type": "json_object"}}),
        (openai.BadRequestError, {"model": model, "messages": [{"role": "user", "content": "word " * 20000}]}),
    ):
        try:
            client.chat.completions.create(**arguments)
        except error as caught:
            assert caught.body["message"], caught
        else:
            raise AssertionError(f"no {error.__name__} for {list(arguments)}")


def check_sampling(client: openai.OpenAI, model: str) -> None:
    """Parameters, several answers and logprobs, whole and streamed."""
    messages = [{"role": "user", "content": "What is an instance?"}]
    shape = {"temperature": 2, "top_p": 0.999, "frequency_penalty": 1, "presence_penalty": 1, "seed": 5}
    several = client.chat.completions.create(model=model, messages=messages, n=3, max_tokens=30, **shape)
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in several.choices}) > 1
    second = client.chat.completions.create(model=model, messages=messages, max_tokens=30, **(shape | {"seed": 6}))
    assert second.choices[0].message.content == several.choices[1].message.content
    texts = ["", "", ""]
    for event in client.chat.completions.create(
        model=model, messages=messages, n=3, max_tokens=30, stream=True, **shape
    ):
        for choice in event.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == [choice.message.content for choice in several.choices]

    likely = client.chat.completions.create(
        model=model, messages=messages, temperature=0, max_tokens=5, logprobs=True, top_logprobs=3
    ).choices[0]
    tokens = likely.logprobs.content
    assert len(tokens) == 5 and "".join(token.token for token in tokens).startswith(likely.message.content)
    for token in tokens:
        ranked = [candidate.logprob for candidate in token.top_logprobs]
        assert len(ranked) == 3 and ranked == sorted(ranked, reverse=True) and token.logprob == ranked[0]
    first = tokens[0].top_logprobs[0].token
    text = client.completions.create(model=model, prompt="A template is", temperature=0, max_tokens=4, logprobs=2)
    assert len(text.choices[0].logprobs.tokens) == 4 and len(text.choices[0].logprobs.top_logprobs[0]) == 2
    assert first
    both = client.completions.create(model=model, prompt=["A", "B"], echo=True, n=2, max_tokens=3, temperature=0)
    assert [choice.text[0] for choice in both.choices] == ["A", "A", "B", "B"]


def check_vectors(client: openai.OpenAI, model: str) -> None:
    """Vectors of length 1, the same as numbers and as base 64 (which the client asks for by itself)."""
    texts = ["What is an instance?", "A template waits."]
    packed = client.embeddings.create(model=model, input=texts)
    plain = client.embeddings.create(model=model, input=texts, encoding_format="float")
    assert packed.usage.prompt_tokens > 4
    for one, other in zip(packed.data, plain.data):
        assert abs(sum(number * number for number in one.embedding) - 1) < 1e-4
        assert max(abs(a - b) for a, b in zip(one.embedding, other.embedding)) < 1e-6
    short = client.embeddings.create(model=model, input=texts[0], dimensions=16).data[0].embedding
    assert len(short) == 16 and abs(sum(number * number for number in short) - 1) < 1e-4


def check_tools(client: openai.OpenAI, model: str) -> None:
    """Tools, calls and results are taken; a model that calls none just answers."""
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
    call = {"id": "a1", "type": "function", "function": {"name": "add", "arguments": "{\"a\": 1}"}}
    messages = [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a1", "content": "2"},
        {"role": "user", "content": "Hello!"},
    ]
    answer = client.chat.completions.create(model=model, messages=messages, tools=[tool], max_tokens=20)
    assert answer.choices[0].message.content and answer.choices[0].message.tool_calls is None
    # What was answered is history as the client has it, with all that it fills in; so are arguments of any form.
    said = answer.choices[0].message
    for arguments in ("", "{\"a\": ", "[1]", "no JSON"):
        broken = {"id": "b1", "type": "function", "function": {"name": "add", "arguments": arguments}, "index": 0}
        history = [
            *messages, said, {"role": "user", "content": "Hello!"},
            {"role": "assistant", "content": None, "refusal": None, "audio": None, "tool_calls": [broken]},
            {"role": "tool", "tool_call_id": "b1", "content": "2"}, said.model_dump(), {"role": "user", "content": "Hi"},
        ]
        assert client.chat.completions.create(
            model=model, messages=history, tools=[tool], max_tokens=3, user="someone", store=False, metadata={"a": "b"}
        ).choices


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
    check_sampling(client, model)
    check_vectors(client, model)
    check_tools(client, model)
    check_errors(client, model)
    check_hang_up(client, model)
    print("ok")


if __name__ == "__main__":
    main()
