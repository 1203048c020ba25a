# SPDX-License-Identifier: Apache-2.0
"""Facts about the deepflow command."""

from phrases import Topic

COMMANDS: tuple[Topic, ...] = (
    Topic(
        "add-model",
        "Run `deepflow model add PATH` with a GGUF file. The node packs it and keeps it in its model store.",
        ("deepflow model add",),
        "how",
        (
            "[add|install|import|register|load in|bring in] a [new |]model",
            "[add|install|import|register] [my own|another|a second|one more|a GGUF] [model|checkpoint|network]",
            "put a [model|GGUF file|checkpoint] into [DeepFlow|the node|the store]",
            "make a [new|downloaded] model available",
        ),
        (
            (
                "[my|a] model [file|checkpoint|download] is ready, [how do I serve it|where do I put it|what do I do"
                " with it]"
            ),
            "[from|out of] a [file|download|GGUF] to a [served|usable] model",
            "the [command|step] for a [new|further] model",
            "how does a [GGUF|checkpoint] get [into the store|onto the node|in]",
            "adding a model",
            "how are [new|more] models [added|installed]",
            "[model|GGUF] import",
        ),
    ),
    Topic(
        "list-models",
        "`deepflow model list` shows every model that the node has.",
        ("deepflow model list",),
        "how",
        (
            "[list|see|show|print] [all|the|my|installed|available] models",
            "[see|find out|check|know] which models [are there|are installed|I have|exist|are available]",
            "get a list of [the|all] models",
        ),
        (
            "show me every model",
            "what is [installed|in the store] [on this node|]",
            "names of [the|all] models",
            "which models does [the node|it|this machine] have",
            "is [my|a certain] model [there|installed|known]",
            "which models [are there|do I have|are installed|can I use]",
            "what models [exist|are available]",
            "model list",
        ),
    ),
    Topic(
        "run-model",
        "Use `deepflow run MODEL PROMPT`. The answer streams to your terminal.",
        ("deepflow run",),
        "how",
        (
            (
                "[ask|question|prompt|talk to|query|chat with] a model [from the terminal|from the shell|on the command"
                " line|]"
            ),
            "[run|use|try|start] a model [from the terminal|on the command line|]",
            "send a prompt [to a model|from the shell|]",
            "get an answer [in the terminal|from a model|]",
        ),
        (
            "a [question|prompt] from the [shell|terminal|console|command line]",
            "the [terminal|shell|console] command for [a question|asking a model|a prompt]",
            "can the [command line|shell] talk to a model",
            "how do I [type|enter|send] a [question|prompt] [in the shell|without a program|]",
            "no code, only the [terminal|shell]",
            "running a model",
            "command line [question|prompt|chat]",
        ),
    ),
    Topic(
        "ps",
        "`deepflow ps` shows what is running now: each model in use with its instances and their state.",
        ("running", "instances"),
        "what",
        (
            "[the |]`deepflow ps`",
            "[the |]deepflow ps [command|]",
            "the ps [command|verb|listing]",
            "the output of [deepflow ps|ps]",
        ),
        (
            "[the |]meaning of [ps|deepflow ps]",
            "what [information|columns|things] does ps [give|have|contain|return]",
            "[I typed|after typing|output of|result of] deepflow ps",
            "what is [running|active|busy|in use] [right now|now|at the moment]",
            "what does [deepflow ps|ps|`deepflow ps`] [show|print|display|list|tell me]",
            "what [can|do] I [see|get|learn] [with|from] [deepflow ps|ps]",
            "how do I see what is running [now|]",
            "[show|list] running [things|models|work]",
        ),
    ),
    Topic(
        "instance-list",
        "`deepflow instance list` shows pid, model, role, state and memory of each instance.",
        ("deepflow instance list", "pid", "memory"),
        "how",
        (
            "[list|see|show|watch] [the|all|my|running] instances",
            "[see|find|get] the [pid|process id|memory|role|state] of an instance",
            "[see|find out|know] how much memory an instance [uses|takes|needs]",
        ),
        (
            "pid and [state|memory|role] of [the |]instances",
            "which command shows [pid|pids|memory|roles] [of instances|]",
            "an overview of [the |all ]instances",
            "memory of [each|an|the] instance",
            "where do I [see|read] [pids|the pid|memory] [of instances|]",
            "what does [deepflow |]instance list [show|print|display]",
            "which instances are [running|there|alive]",
            "instance list",
        ),
    ),
    Topic(
        "job-list",
        "`deepflow job list` prints the jobs, the newest first.",
        ("deepflow job list",),
        "how",
        (
            "[list|see|show|print] [all|the|my|recent|past] jobs",
            "see which jobs [ran|there were|exist]",
            "get a list of jobs",
        ),
        (
            "[an overview|a table|all] of [the |]jobs",
            "which command [shows|prints|gives] [the |past |recent |all ]jobs",
            "what jobs [ran|were there] [today|yesterday|so late|before]",
            "[old|past|earlier|finished] jobs",
            "which jobs [ran|exist|are there]",
            "job list",
            "history of jobs",
        ),
    ),
    Topic(
        "job-show",
        "`deepflow job show ID` prints one job with its tasks and the time of each phase.",
        ("deepflow job show", "phase"),
        "how",
        (
            "[see|inspect|look at|show|examine] [one|a single|a certain|a particular] job",
            "see the details of [a|one] job",
            "find out why a [job|request] was slow",
            "see [where|how] the time of a [job|request] went",
        ),
        (
            "[the |]time of each phase of a job",
            "why did [that|one|my] job take [so long|an hour|ages to finish]",
            "which command shows [one job|the phases of a job|a job in detail|the tasks of a job]",
            "a closer look at [a|one] job",
            "[phases|details|tasks] of [one|my|the last] job",
            "what does [deepflow |]job show [print|show|tell]",
            "details of a job",
            "job show",
        ),
    ),
    Topic(
        "node-status",
        "`deepflow node status` tells how the node is doing, for example whether it has cgroups.",
        ("deepflow node status",),
        "how",
        (
            "[check|see|show|get] the [status|health|state] of [a|the|my] node",
            "[see|know|find out] how the node is doing",
            "check that [a|the|my] node is [healthy|fine|well]",
        ),
        (
            "which command [tells|shows] the [state|status|health] of [a|the] node",
            "[the |]status of [the|my|a] node",
            "does [the|my] node have cgroups",
            "are there cgroups",
            "[something|anything] wrong with [the|my] node",
            "is [the|my] node [healthy|fine|up]",
            "node status",
            "health of the node",
        ),
    ),
    Topic(
        "version",
        "`deepflow version` prints the version.",
        ("deepflow version",),
        "how",
        (
            "[see|print|show|find out|check|get] the version [of DeepFlow|]",
            "find out [which|what] [version|release] [I have|is installed|this is]",
        ),
        (
            "[the |]version of [DeepFlow|this|the software]",
            "which command [prints|gives|tells] the version",
            "how new is my [installation|copy|DeepFlow]",
            "[release|version|build] number",
            "which [version|release] [is this|do I have|am I running|is installed]",
            "version number",
            "what version",
        ),
    ),
    Topic(
        "json",
        "Add `--json` to any listing. Its keys are stable and documented, so scripts can rely on them.",
        ("--json",),
        "how",
        (
            "get [JSON|machine readable output|structured output] [from the command|]",
            "use [listings|the output|the listing] in a script",
            "parse the output [of a listing|of deepflow|] [in a script|with jq|]",
            "print [a listing|it|the table] as JSON",
        ),
        (
            "[a script|my program|jq] [needs|wants|reads|expects] JSON",
            "[tables|listings] as JSON",
            "[not|no] [a |]table but JSON",
            "which [flag|option] gives JSON",
            "[stable|documented] keys [for scripts|]",
            "how do scripts read [the listings|the tables|it]",
            "JSON output",
            "is there [JSON|machine readable] output",
            "output for scripts",
            "what does --json do",
        ),
    ),
    Topic(
        "node-option",
        "`--node NAME` speaks to that node's socket directly, so it works while the scheduler is down.",
        ("--node", "directly"),
        "how",
        (
            "use the command [while|when] the scheduler is down",
            "[talk|speak] to a node directly",
            "[skip|bypass|go around] the scheduler",
            "[reach|ask] one node without the scheduler",
        ),
        (
            (
                "[the scheduler is|with the scheduler] [dead|gone|down|not running], [how do I reach a node|what"
                " now|how do I go on]"
            ),
            "[direct|directly] to [a|the] node",
            "which [flag|option] [speaks|talks] to a node [directly|]",
            "ask a node [itself|directly]",
            "what does [--node|the node option|the flag --node] do",
            "the [--node|node] option",
            "[does|will] deepflow work without the scheduler",
            "the scheduler is down, what [can I use|still works]",
        ),
    ),
    Topic(
        "socket-option",
        "Give `--socket PATH`, or set DEEPFLOW_HOST to unix:///PATH.",
        ("--socket", "DEEPFLOW_HOST"),
        "how",
        (
            "[choose|pick|select|change|set] the [server|socket] [of the command|that the command uses|]",
            (
                "[point|connect] the [command|client|deepflow command] [at|to] [another|a different|my own]"
                " [server|socket]"
            ),
            "make the command use [another|a different|my] socket",
        ),
        (
            "which [flag|option|variable] [sets|gives|changes|names] the socket",
            "[another|the wrong|a different|my own] socket [for the command|is used|]",
            "tell the command [where the socket is|which socket to use]",
            "can the socket be [given|set|changed|chosen]",
            "DEEPFLOW_HOST",
            "what is DEEPFLOW_HOST [for|]",
            "what does --socket do",
            "which environment variable [sets|chooses] the [server|socket]",
        ),
    ),
)
