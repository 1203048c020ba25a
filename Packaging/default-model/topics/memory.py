# SPDX-License-Identifier: Apache-2.0
"""Facts about the phases of an answer and about KV memory."""

from phrases import Topic

PHASES: tuple[Topic, ...] = (
    Topic(
        "prefill",
        "Prefill is the first phase of an answer: the whole prompt is computed and its KV cache filled.",
        ("prompt", "KV cache"),
        "what",
        ("prefill", "the prefill phase", "a prefill instance", "prefilling"),
        (
            "what [is done|is happening|goes on|happens] [in|during|while in] prefill",
            "prefill [is|means|does] what",
            "[people|they|the docs|you] [talk about|mention|speak about] prefill",
            "[in|during|at] prefill",
        ),
    ),
    Topic(
        "decode",
        "Decode is the second phase of an answer: it makes one token after the other.",
        ("one token after the other",),
        "what",
        ("decode", "the decode phase", "decoding", "a decode instance"),
        (
            "what [is done|is happening|goes on|happens] [in|during|while in] decode",
            "decode [is|means|does] what",
            "[people|they|the docs|you] [talk about|mention|speak about] decode",
            "[in|during|at] decode",
        ),
    ),
    Topic(
        "prefill-or-decode",
        "Prefill computes the prompt all at once; decode then makes the answer token by token.",
        ("at once", "token by token"),
        "what",
        ("the difference between [prefill and decode|decode and prefill]", "prefill and decode"),
        (
            "[compare|distinguish|separate] prefill [and|from] decode",
            "how is prefill [different|distinct] from decode",
            "prefill [against|compared to|and then|or] decode",
            "I [mix up|confuse] prefill and decode",
            "how do prefill and decode differ",
            "prefill versus decode",
            "is prefill the same as decode",
        ),
    ),
    Topic(
        "disaggregation",
        "Disaggregation runs prefill and decode in separate instances, without copying the KV cache on one machine.",
        ("separate instances", "KV cache"),
        "what",
        ("[prefill-decode |]disaggregation", "disaggregated serving", "a disaggregated pair"),
        (
            "can prefill and decode run [apart|in separate instances|separately]",
            "what is a hand-off between prefill and decode",
        ),
    ),
    Topic(
        "phases",
        "The phases of a request are queue, fork, prefill, first token and decode.",
        ("queue", "fork", "prefill", "decode"),
        "what",
        ("the phases [of a request|that quickstart prints|]", "the [steps|stages] of a request"),
        (
            "which phases [are there|does a request have|does a request go through]",
            "[list|name] the phases of a request",
        ),
    ),
    Topic(
        "first-token",
        "Time to first token is the wait from the request to the first piece of its answer.",
        ("wait", "first piece"),
        "what",
        ("[the |]time to first token", "TTFT", "first token latency"),
    ),
)

MEMORY: tuple[Topic, ...] = (
    Topic(
        "kv-cache",
        "The KV cache holds the attention keys and values of earlier tokens, so that they are not computed again.",
        ("keys and values",),
        "what",
        ("[the|a] KV cache", "KV cache", "the key-value cache", "KV memory"),
        (
            "what is [in|stored in|kept in] the KV cache",
            "[content|contents|inside] of the KV cache",
            "[people|they|the docs|you] [talk about|mention|speak about] the KV cache",
            "why is there a KV cache",
        ),
    ),
    Topic(
        "kv-block",
        "A KV block is a fixed piece of the KV cache for a run of tokens. Blocks can be shared and reused.",
        ("fixed piece", "shared"),
        "what",
        ("a KV block", "KV blocks", "a block [of the KV cache|]", "blocks"),
    ),
    Topic(
        "memfd",
        "KV memory is in memfd segments: memory files without a name, passed to instances as descriptors.",
        ("memfd", "descriptor"),
        "what",
        ("[a memfd|memfd]", "a [KV |memfd |memory |]segment"),
        ("where is the KV [memory|cache] kept", "what kind of memory holds the KV cache"),
    ),
    Topic(
        "tensor-cache",
        "The tensor cache, RTC in the paper, keeps track of KV blocks and finds prompts that share a prefix.",
        ("KV blocks", "prefix"),
        "what",
        ("[the|a] tensor cache", "TensorCache", "[the |]RTC", "the relational tensor cache"),
    ),
    Topic(
        "prefix-cache",
        "If two prompts begin alike, the KV blocks of the common prefix are used again instead of computed.",
        ("common prefix",),
        "happens",
        ("two prompts [begin|start] [alike|the same way|with the same text]", "I send the same prompt [twice|again]"),
        (
            "[the same|a common|a shared] [beginning|prefix|start] of [prompts|two prompts]",
            "[reuse|reusing|using] [a|the] prefix [again|]",
            "what is prefix caching",
            "prefix cache",
            "how does prefix caching work",
            "what is a prefix hit",
        ),
    ),
    Topic(
        "distflow",
        "DistFlow moves KV blocks: on one node by a change of ownership, between nodes as raw blocks.",
        ("ownership",),
        "what",
        ("DistFlow", "distflow", "the DistFlow [part|module]"),
        ("how do KV blocks [move|travel|get] [between nodes|from one instance to another]",),
    ),
    Topic(
        "share-weights",
        "The weights are mapped from one artefact, so all instances of a model share them in memory.",
        ("mapped", "share"),
        "whether",
        ("instances share [weights|memory]", "every instance [loads|has] its own [weights|copy of the model]"),
        (
            (
                "[ten|two|many|several|five] instances [of one model|], [how much memory|weights in memory|are the"
                " weights shared]"
            ),
            "[weights|the weights] in memory [once|twice|many times|for every instance]",
            "is memory [shared|saved] [between instances|]",
            "do instances share [weights|the weights|memory|the model]",
            "how much memory does [one more|another|a second] instance [need|take|use]",
            "are the weights [loaded|copied] [twice|for each instance|again]",
        ),
    ),
    Topic(
        "context-length",
        "The default model has a context of 1024 tokens.",
        ("1024",),
        "what",
        ("the [context length|context size|context window|maximum context]", "your [context|context length|memory]"),
        (
            "[maximum|longest|largest|most] [context|prompt|tokens]",
            "how many tokens [may|can] the [context|prompt|conversation] [have|hold|grow to]",
            "[context|window] of the default model",
            "how [long|big|large] [can|may] [a|my|the] prompt be",
            "how many tokens [can you read|fit|does the context have]",
        ),
    ),
)
