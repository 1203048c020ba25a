# SPDX-License-Identifier: Apache-2.0
"""Facts about failures and about the sandbox."""

from phrases import Topic

FAILURES: tuple[Topic, ...] = (
    Topic(
        "instance-dies",
        "If an instance dies, its tasks continue on another one: the client sees a pause, not an error.",
        ("another", "pause"),
        "happens",
        (
            "[an|my|the] instance [dies|crashes|is killed|fails|goes away|stops]",
            "[a process|the process|somebody kills the process] [that answers|answering me] [dies|crashes|]",
            "I [kill|shoot] an instance [in mid-answer|]",
        ),
        (
            (
                "[an instance|the instance|my instance] was [killed|shot|lost|gone] [in the middle|during my"
                " answer|while answering|]"
            ),
            (
                "[will I|do I|does the client|would a user] [notice|see] [a crash|a dead instance|the death of an"
                " instance]"
            ),
            "[the |a ][crash|death|end|loss] of an instance",
            "[half|in the middle] of [an|the|my] answer the instance [dies|crashes|was killed]",
            "what is failover",
            "how does failover work",
            "[is|will] my [answer|stream] [be |]lost in a crash",
            "failover",
            "[kill|killed|killing] [an|the|my] instance [while it answers|while it writes|in the middle|]",
            "[what about|what becomes of] my [answer|stream] [when|if] [an|the] instance [dies|is killed|crashes]",
            "[the|my] [answer|stream] [after|and] [the death|a crash|the loss] of [its|an|the] instance",
            "an instance [died|crashed|was killed] [half way|during an answer|]",
        ),
    ),
    Topic(
        "noded-dies",
        "If the node daemon dies, no stream is lost: started again, it attaches to the keeper and finds all running.",
        ("attaches", "keeper"),
        "happens",
        (
            "[noded|the node daemon|deepflow-noded] [dies|crashes|is killed|is restarted|is upgraded|stops]",
            "I [kill|restart|upgrade] [noded|the node daemon]",
        ),
        (
            "[the |a ][crash|death|end|loss|restart] of [noded|the node daemon]",
            (
                "[noded|the node daemon] [has crashed|was killed|is dead|is gone], [are streams lost|what about"
                " streams|what now]"
            ),
            (
                "do streams [survive|continue|live on] [when|if|after] [noded|the node daemon] [dies|crashes|a crash of"
                " noded]"
            ),
            "can I [restart|upgrade] [noded|the node daemon] [safely|]",
            "[upgrade|update|restart|replace] [noded|the node daemon] [under load|while streams run|]",
            "[streams|answers] [after|and] [a restart|an upgrade|the death] of [noded|the node daemon]",
        ),
    ),
    Topic(
        "scheduler-dies",
        "If the scheduler is killed, streams to clients break. After SIGTERM it lets running answers finish for 30 s.",
        ("break", "30 s"),
        "happens",
        (
            "[the scheduler|deepflow-schedulerd|schedulerd] [dies|crashes|is killed|is restarted|stops|gets SIGTERM]",
            "I [kill|restart|stop] the scheduler",
        ),
        (
            "[the |a ][crash|death|end|loss|restart] of [the scheduler|deepflow-schedulerd]",
            (
                "[the scheduler|deepflow-schedulerd] [has crashed|was killed|is dead|got SIGTERM], [are streams"
                " lost|what about streams|what now]"
            ),
            "[consequences|result|effect] of [killing|stopping|restarting] the scheduler",
            "SIGTERM to the scheduler",
            "can I [restart|stop] the scheduler",
            "[streams|clients|answers] [during|after|when] [the end|a crash|a restart|the death] of the scheduler",
            "kill the scheduler [hard|]",
            "the scheduler [went away|died], [my streams|what of the clients|and the answers]",
        ),
    ),
    Topic(
        "keeper-ends",
        "Without systemd the keeper ends on order, or 60 s after the node daemon and the last instance are gone.",
        ("60 s",),
        "what",
        ("the end of the keeper",),
        (
            "when does the keeper [end|stop|exit|go away]",
            "how long does the keeper [run|live|stay|wait]",
            "why is the keeper still [running|there]",
            "does the keeper ever [stop|end]",
            "[end|life|lifetime] of [the|a] keeper",
            (
                "[does|will] the keeper [end|stay|live on] [after|when] [noded|the node daemon|everything] [is"
                " gone|stops|ends]"
            ),
            "[stop|kill|end] the keeper",
            "the keeper [stays|is still there|lives on] [for ever|too long|]",
        ),
    ),
    Topic(
        "hang-up",
        "A client that hangs up cancels its task within one step.",
        ("cancel", "one step"),
        "happens",
        (
            "[a|the|my] client [hangs up|disconnects|goes away|closes the connection|leaves]",
            "I [close the connection|press Ctrl-C in curl|hang up|disconnect]",
        ),
        (
            "[my|a|the] client [disconnected|left|is gone|quit|closed the connection] [early|too soon|]",
            (
                "does [the server|it|the model] [go on|continue|keep] [computing|working] [without a client|when I"
                " leave|after I hang up]"
            ),
            "[the connection|a connection] is [cut|closed|lost] [by the client|]",
            "a [client|reader] that leaves",
            "how do I [cancel|abort|stop] [a request|an answer]",
            "cancelling [a request|an answer]",
            "[my|a|the] client [disconnected|hung up|went away], [who stops|is the work stopped|does it compute on]",
            "[work|computing] for a client that [left|hung up|is gone]",
        ),
    ),
)

SANDBOX: tuple[Topic, ...] = (
    Topic(
        "sandbox",
        "An instance has no capabilities, no file rights by Landlock, closed descriptors, and a seccomp allow-list.",
        ("Landlock", "seccomp"),
        "what",
        ("the sandbox [of an instance|]", "the jail [of an instance|]"),
        (
            "[mechanisms|layers|parts|walls] of the sandbox",
            "what [makes up|is in|belongs to] the sandbox",
            "what [keeps|holds|locks] [an instance|a model|a process] in",
            "[landlock|seccomp|capabilities]",
            (
                "how [is|are] [an instance|instances|a model process|models]"
                " [sandboxed|isolated|jailed|protected|confined]"
            ),
            "what protects me from a [bad|hostile|malicious] model",
            "how [secure|safe] is [it|an instance|DeepFlow]",
            "is it [secure|safe]",
            "[security|sandbox|isolation]",
            "[walls|tools|layers] of [the|your|its] sandbox",
            "[what|which things] [form|make] the sandbox",
            "an instance [is|sits|lives] in a sandbox, [of what kind|how]",
        ),
    ),
    Topic(
        "network",
        "An instance cannot reach the network: socket() is not on its seccomp allow-list.",
        ("cannot", "socket()"),
        "whether",
        (
            "an instance [can reach|has access to|may use] the [network|internet]",
            "a model can [phone home|send data away|reach the internet]",
        ),
        (
            "[send|sending|leak|upload] [data|something|secrets] to the [internet|network|outside]",
            "[an evil|a bad|a hostile] [model|instance] and the [network|internet]",
            "is the [network|internet] [open|closed|blocked|reachable] for [an instance|a model]",
            "[network|internet] [access|connection] [of models|for models|]",
            "can [an instance|a model|the model] [reach|use|access|open] the [network|internet]",
            "does a model have [network|internet] access",
            "internet access of an instance",
            "[path|way|door|connection] [from|of] an instance to the [internet|network]",
            "[could|might] an instance [call home|connect|talk to the internet]",
        ),
    ),
    Topic(
        "files",
        "An instance can open no file: Landlock gives it no right, and opening is refused with EACCES.",
        ("no file", "Landlock"),
        "whether",
        (
            "an instance [can read|may open|has access to] [my |]files",
            "a model can [read|write|see] my [files|disk|data]",
        ),
        (
            "[read|see|steal|look at|open] [my|private|secret|other] files",
            "[my|private|secret] [files|documents|data] [safe|visible|readable] [from|to|for] [an instance|a model]",
            "[are|is] my [files|disk|data] [safe|protected]",
            "[an instance|a model] and [my files|the file system|my disk]",
            "can [an instance|a model|the model] [read|open|write|see|steal] [my |]files",
            "does a model have access to [my disk|my files|the file system]",
            "file access of an instance",
            "[is|are] my [private |]files [hidden|safe|closed] [from|to] [an instance|instances]",
            "[might|could] an instance [see|open|read] [a file|my files|my disk|private files]",
        ),
    ),
    Topic(
        "forbidden-call",
        "A forbidden system call ends the instance. The keeper logs the call's name and arguments.",
        ("ends the instance", "logs"),
        "happens",
        (
            "an instance [makes|tries] a [forbidden|denied|bad] [system call|call|syscall]",
            "a model [breaks the rules|tries to start a program|tries exec|calls fork]",
            "the sandbox is violated",
        ),
        (
            (
                "[an instance|a model] [attempted|made|tried|does] [something forbidden|a forbidden call|a denied"
                " system call|exec]"
            ),
            "[a forbidden|an illegal|a denied] [system call|syscall|call]",
            "[what|who] [punishes|logs|sees|handles] [a forbidden|a denied] [call|system call]",
            "forbidden [system |]calls",
            "how are forbidden [system |]calls [handled|treated]",
            "[consequence|result|penalty] of a [forbidden|denied] [system |]call",
        ),
    ),
)
