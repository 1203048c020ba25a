# SPDX-License-Identifier: Apache-2.0
"""Facts about what a model and its server can do: formats, families, tools, vectors, benchmarks."""

from phrases import Topic

FEATURES: tuple[Topic, ...] = (
    Topic(
        "folders",
        "`deepflow model add FOLDER` takes a folder of Hugging Face: config.json, safetensors and tokenizer.json.",
        ("deepflow model add", "safetensors"),
        "how",
        (
            "add a [Hugging Face|HF|transformers] [folder|model|directory]",
            "[add|import|use] [safetensors|a safetensors model|sharded safetensors]",
            "serve a [folder|directory] [from the hub|of Hugging Face]",
        ),
        (
            "[is|are] [safetensors|Hugging Face folders] supported",
            "can it read [safetensors|a Hugging Face folder|config.json]",
            "I cloned a [repository|folder] from the hub",
            "[safetensors|Hugging Face] [support|import]",
        ),
    ),
    Topic(
        "split-files",
        "Give any part of a split GGUF to `deepflow model add`: it finds the others beside it.",
        ("split", "deepflow model add"),
        "how",
        (
            "add a [split|multi-part] [GGUF|file|model]",
            "[add|import] a model in [several|many] [files|parts]",
        ),
        (
            "my GGUF comes in [three|several|many] [parts|files|pieces]",
            "[00001-of-00003|part one of three], what now",
            "split GGUF files",
        ),
    ),
    Topic(
        "verify",
        "`deepflow model verify NAME` checks every tensor's checksum and names a damaged one.",
        ("deepflow model verify", "checksum"),
        "how",
        (
            "[check|verify|test] [that a model is|whether a model is] [intact|whole|undamaged]",
            "find a damaged [tensor|model]",
            "verify a [model|checksum]",
        ),
        (
            "[bit rot|a bad disk], how do I [notice|see] it",
            "is my [packed model|artefact|stored model] still [good|intact]",
            "[checksums|checksum] of [a model|tensors]",
            "model verify",
        ),
    ),
    Topic(
        "families",
        "Llama, Mistral, Qwen2, Qwen3, Gemma 2 and 3, Phi-3, SmolLM3, OLMo 2, Granite, BERT and nomic-bert.",
        ("Llama", "Gemma", "Phi-3"),
        "what",
        ("the supported [architectures|families|models]", "[supported|known] model families"),
        (
            "which [architectures|model families|kinds of model] [are supported|can you run|work]",
            "does it run [Llama|Gemma|Phi|Mistral|Qwen|Granite]",
            "can I [serve|run|use] [Gemma|Phi-3|Mistral|OLMo|SmolLM]",
            "list the architectures",
        ),
    ),
    Topic(
        "embeddings",
        "POST to /v1/embeddings. The vectors have length 1; `dimensions` and base64 are served too.",
        ("/v1/embeddings",),
        "how",
        (
            "[get|make|compute] [embeddings|vectors|an embedding] [of a text|]",
            "turn [a text|text|documents] into [vectors|a vector|embeddings]",
        ),
        (
            "[are|is] [embeddings|an embedding endpoint] [supported|available]",
            "vectors for [search|retrieval|RAG]",
            "embedding [endpoint|model|route]",
            "does it do embeddings",
        ),
    ),
    Topic(
        "tools",
        "Send `tools` with a chat. The calls come back in `tool_calls`, streamed, from the model's own notation.",
        ("tools", "tool_calls"),
        "how",
        (
            "use [tools|function calling|tool calls]",
            "let a model call [a function|functions|my tools]",
        ),
        (
            "[is|are] [tools|function calling|tool calling] supported",
            "how [do|does] tool [calls|calling] work",
            "my agent needs [tools|function calls]",
            "function calling",
        ),
    ),
    Topic(
        "reasoning",
        "Reasoning stands in its own field, `reasoning_content`, apart from the answer's text.",
        ("reasoning_content",),
        "where",
        ("the reasoning [of a model|]", "the [thoughts|thinking] of a model", "text between think tags"),
        (
            "[think|<think>] tags [in the answer|]",
            "what happens to the [thoughts|reasoning|thinking]",
            "how is reasoning [returned|shown|separated]",
            "reasoning models",
        ),
    ),
    Topic(
        "logprobs",
        "Set `logprobs`, and `top_logprobs` up to 20, to get the likelihood of each token.",
        ("logprobs",),
        "how",
        (
            "[get|see] the [likelihood|probability|logprobs] of [a token|tokens|each token]",
            "ask for logprobs",
        ),
        ("are logprobs supported", "[token|log] probabilities", "how [sure|certain] was the model of a token"),
    ),
    Topic(
        "choices",
        "`n` asks for up to 16 answers at once. Each has a seed of its own.",
        ("n", "answers"),
        "how",
        (
            "get [several|many|more than one|five] [answers|choices] [at once|to one prompt|]",
            "ask for [several|many] choices",
        ),
        ("what does [n|the field n] do", "is n supported", "[several|multiple] choices"),
    ),
    Topic(
        "tokenize",
        "POST to /tokenize for a text's tokens and to /detokenize for the way back.",
        ("/tokenize", "/detokenize"),
        "how",
        (
            "count the tokens of a [text|prompt|conversation] [before I send it|]",
            "[tokenize|detokenize] a text",
            "see the tokens of a [text|prompt]",
        ),
        ("is there a [tokenizer|tokenize] [endpoint|route]", "how many tokens does my prompt have"),
    ),
    Topic(
        "show-prompt",
        "`deepflow run MODEL PROMPT --show-prompt` prints what the model reads, by its own template.",
        ("--show-prompt",),
        "how",
        (
            "see [what the model reads|the rendered prompt|the prompt after the template]",
            "print the rendered [prompt|template]",
        ),
        ("what does my model [really|actually] read", "debug a chat template", "[show|print] the prompt"),
    ),
    Topic(
        "conversation",
        "`deepflow run MODEL` without a prompt begins a conversation. /bye ends it, /clear forgets.",
        ("deepflow run", "conversation"),
        "how",
        (
            "[have|begin|start] a [conversation|chat|dialogue] [with a model|in the terminal|]",
            "chat [interactively|with history]",
        ),
        ("is there [an interactive mode|a chat mode|a prompt loop]", "a [chat|conversation] that remembers"),
    ),
    Topic(
        "bench",
        "`deepflow bench start`, `bench scale` and `bench throughput` measure starts, scaling and speed.",
        ("deepflow bench",),
        "how",
        (
            "[measure|benchmark] [DeepFlow|the speed|throughput|the start of an instance]",
            "run a benchmark",
        ),
        ("is there a [benchmark|bench command]", "how fast is it on my machine", "[benchmarks|benchmarking]"),
    ),
    Topic(
        "load-model",
        "`deepflow model load NAME` makes a template before anybody asks; `unload` gives it back, `pin` keeps it.",
        ("deepflow model load",),
        "how",
        (
            "[warm|prepare|load|preload] a model [ahead|before the first request|]",
            "[keep|pin] a model [in memory|warm]",
            "[unload|release] a model",
        ),
        ("can I [preload|pin|unload] a model", "[loading|pinning|unloading] models"),
    ),
    Topic(
        "units",
        "`Packaging/install` puts programs and systemd units in place; then enable deepflow-noded@local.",
        ("Packaging/install", "systemd"),
        "how",
        (
            "[install|run|set up] [DeepFlow|it] [as a service|under systemd|with systemd]",
            "use the systemd units",
        ),
        ("are there [systemd units|unit files|service files]", "[a|the] systemd service", "start it at boot"),
    ),
    Topic(
        "sandbox-require",
        "With `--sandbox require` a node refuses to serve where a step of the sandbox is not possible.",
        ("--sandbox require",),
        "how",
        (
            "[insist on|enforce|require] the [whole|full|] sandbox",
            "refuse to [serve|run] without a sandbox",
        ),
        ("what does [--sandbox require|the sandbox option] do", "sandbox require"),
    ),
    Topic(
        "crash-page",
        "A crashing instance writes its signal, address and stack to a crash page; the node's log names them.",
        ("crash page",),
        "where",
        (
            "[find|see|read] the [stack|backtrace|reason|address] of a crash",
            "[learn|see] why an instance crashed",
            "look after a [crash|segfault|segmentation fault]",
        ),
        ("what is [a|the] crash page", "an instance had a [segfault|segmentation fault], [why|where do I look]"),
    ),
    Topic(
        "hung-instance",
        "An instance that has work but makes no progress is taken for hung: it is killed and replaced.",
        ("hung",),
        "happens",
        (
            "an instance [hangs|is stuck|is frozen|gets stuck|makes no progress]",
            "a model [hangs|freezes|is stuck] [in the middle|]",
        ),
        ("does it notice [a hung|a stuck|a frozen] [instance|model]", "[hung|stuck|frozen] instances"),
    ),
    Topic(
        "out-of-memory",
        "An instance that the kernel ends for want of memory is recognised: its record says out of memory.",
        ("out of memory",),
        "happens",
        (
            "[the machine|an instance|a model] runs out of memory",
            "the [kernel|OOM killer] kills an instance",
            "there is [not enough|no more] memory",
        ),
        ("what about the OOM killer", "how do I see an OOM kill"),
    ),
)
