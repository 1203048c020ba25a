# SPDX-License-Identifier: Apache-2.0
"""Facts about the product as a whole and its processes."""

from phrases import Topic

PRODUCT: tuple[Topic, ...] = (
    Topic(
        "deepflow",
        "DeepFlow serves large language models from one machine or a small fleet, the way a cloud serves functions.",
        ("language models", "cloud"),
        "what",
        ("DeepFlow", "this [product|software|project|program|system]", "the DeepFlow project"),
        (
            "[a summary|summary|overview] of DeepFlow",
            "[sum up|summarise|present|sell] [DeepFlow|this project|the product] [to me|to my boss|in a sentence|]",
            "what [is|are] [DeepFlow|you people] [doing|about|offering]",
            "[the |]point of DeepFlow",
            "what is this [all about|]",
            "what [problem does|does] DeepFlow solve",
            "why [would|should] I use DeepFlow",
        ),
    ),
    Topic(
        "paper",
        "The idea is from the DeepServe paper, by Huawei Cloud and Peking University.",
        ("DeepServe", "Huawei"),
        "what",
        ("the DeepServe paper", "DeepServe", "the paper behind DeepFlow"),
        (
            (
                "[which|what] [people|university|company|scientists|authors|researchers] [had the idea|invented"
                " it|wrote the paper|are behind it]"
            ),
            "[the |]idea [behind|of|for] [DeepFlow|this|it]",
            "who deserves [praise|thanks] for [the idea|DeepFlow]",
            "[authors|inventors|researchers] [of|behind] [the idea|DeepFlow|the paper]",
            "who [wrote|had|invented|came up with] the idea",
            "who [invented|designed|thought of] [DeepFlow|this]",
            "where does the idea [come|stem] from",
            "on which [paper|work|research] is DeepFlow based",
            "which paper [is it based on|describes it]",
            "[origin|source] of the idea",
        ),
    ),
    Topic(
        "paper-venue",
        "The paper appeared at USENIX ATC 2025.",
        ("USENIX ATC",),
        "where",
        ("the paper published",),
        (
            "[where|when] [was the paper published|did the paper appear]",
            "at which conference [was the paper|did it appear]",
            "in [which|what] year [was|is] the paper",
            "conference of the paper",
        ),
    ),
    Topic(
        "license",
        "DeepFlow is under the Apache-2.0 license.",
        ("Apache",),
        "what",
        ("the [license|licence]",),
        (
            "[lawyers|our lawyer|legal|the law team] [ask|asks|want to know] [about it|about the license|]",
            "[the |]license of [DeepFlow|the project|this software]",
            "which [terms|rights]",
            "[which|what] [license|licence] does it have",
            "is [it|DeepFlow] [open source|free software|free]",
            "under [which|what] [license|licence] is it",
            "may I [use|change|sell|copy] it [freely|commercially|]",
            "license",
        ),
    ),
    Topic(
        "language",
        "DeepFlow is written in Swift, its kernels in C.",
        ("Swift",),
        "what",
        ("the programming language",),
        (
            "was [it|DeepFlow] [written|made|programmed] in [Swift|C|Rust|Java|Go|Python]",
            "[Swift|Rust|C|Java] or [Swift|C++|something else|Python]",
            "[the |]source code is [written|] in what language",
            "[the |][code|source] language",
            (
                "[in which|in what|which] [programming |]language is [it|DeepFlow|this] [written|programmed|made|built]"
                " [in|]"
            ),
            "is it written in [Swift|Rust|Python|C|Go]",
            "what is it [written|programmed|coded] in",
        ),
    ),
    Topic(
        "gpu",
        "DeepFlow needs no GPU: it computes on the CPUs of a Linux machine.",
        ("no GPU", "CPU"),
        "whether",
        ("[I need|DeepFlow needs|it needs] a [GPU|graphics card]", "it [runs|computes] on the [GPU|CPU]"),
        (
            "[no|without|lacking] [GPU|graphics cards|graphics card|GPUs]",
            "is [a GPU|a graphics card|CUDA] [needed|required|necessary|used]",
            "[our|my] [servers|machine|laptop] [have|has] no [GPU|graphics card]",
            "[CPU|GPU] or [GPU|CPU]",
            "[GPUs|graphics cards|CPUs]",
            "do I need a [GPU|graphics card|video card|CUDA card]",
            "[does|will|can] it [use|run on|need] [a GPU|the GPU|CUDA|an NVIDIA card|a CPU]",
            "GPU support",
            "on what hardware does it run",
        ),
    ),
    Topic(
        "gguf",
        "DeepFlow reads GGUF files, also split ones, and folders of Hugging Face with safetensors.",
        ("GGUF",),
        "what",
        ("GGUF", "a GGUF file", "the [format|file format] of models"),
        (
            "[the |]format of [model files|models|checkpoints|weights]",
            "must [models|a model|it] be [GGUF|in a certain format]",
            "which file [type|format|ending] [has|have|must have] [a model|models]",
            "[ONNX|GGUF|other formats]",
            "[which|what] [file |model |]formats [are supported|can it read|does it read]",
            "[which|what] kind of [checkpoint|model file] [do I need|works|can I add]",
            "model formats",
        ),
    ),
)

PROCESSES: tuple[Topic, ...] = (
    Topic(
        "scheduler",
        "The scheduler, deepflow-schedulerd, takes requests from clients and places their tasks on nodes.",
        ("schedulerd", "requests", "nodes"),
        "what",
        ("[the|a] scheduler", "deepflow-schedulerd", "schedulerd", "the scheduler daemon", "the central scheduler"),
        (
            "[duty|duties|responsibility|work|tasks] of the scheduler",
            "what [is|are] the scheduler [responsible for|doing]",
            "[among|of] the processes, [what does the scheduler do|which is the scheduler]",
            "which [process|daemon|part] [takes|accepts|places] requests",
        ),
    ),
    Topic(
        "noded",
        "deepflow-noded is the node daemon: it decides about templates, instances, KV memory and cores.",
        ("node daemon", "templates"),
        "what",
        ("[deepflow-noded|noded]", "the node daemon", "the [daemon|process] noded"),
        (
            "[decisions|duty|duties|responsibility|work] of [noded|the node daemon]",
            "what does [noded|the node daemon] [decide|control|manage|look after]",
            "what is [noded|the node daemon] responsible for",
            "which [process|daemon|part] decides about [templates|instances|KV memory|cores]",
        ),
    ),
    Topic(
        "keeper",
        "The keeper is the small parent of all templates and instances. It holds what must outlive the node daemon.",
        ("parent", "outlive"),
        "what",
        ("[the|a] keeper", "deepflow-keeper", "the keeper process"),
        (
            "[duty|reason|purpose|work] of [the keeper|deepflow-keeper]",
            "[there is|I see|ps lists|top shows] a process [called|named] deepflow-keeper",
            "[why|what for] [does|is] [the keeper|deepflow-keeper] [exist|there|run]",
            "why [another|such a|a third] process, the keeper",
            "why is there a keeper",
            "which process is the parent of [templates|instances]",
            "who reaps the instances",
        ),
    ),
    Topic(
        "flowserve",
        "FlowServe is the engine: one executable that packs models, and runs as template and as instance.",
        ("engine", "executable"),
        "what",
        ("[FlowServe|flowserve]", "the [engine|inference engine]", "the flowserve [executable|program|binary]"),
        (
            "[background|facts|more] [on|about] FlowServe",
            "what [is|does] [the|your] engine [called|do|]",
            "[name of|the] inference engine",
            "which [program|part] computes the tokens",
        ),
    ),
    Topic(
        "pack",
        "`flowserve pack` turns a checkpoint into an artefact, once, inside the strictest sandbox.",
        ("artefact", "strictest"),
        "what",
        ("[flowserve pack|`flowserve pack`]", "packing [a model|]", "the pack [step|command]"),
        (
            "[reason|use|need] for [flowserve pack|packing]",
            "[when|why|what for] [is|does] [flowserve pack|packing] [run|needed|used]",
            "flowserve pack [does what|makes what|reads what]",
            "how is a [checkpoint|GGUF file|model] packed",
            "why are models packed",
            "what happens to a model [when it is added|on import]",
        ),
    ),
    Topic(
        "gateway",
        "The gateway is the scheduler's front end. It parses OpenAI requests and streams the answers.",
        ("front end", "OpenAI"),
        "what",
        ("the gateway", "a gateway", "the front end"),
        (
            "[duty|duties|responsibility|work|tasks] of the gateway",
            "what is the gateway responsible for",
            "the gateway [does|has|handles] what",
            "which part [speaks HTTP|parses the requests|talks to clients]",
        ),
    ),
)
