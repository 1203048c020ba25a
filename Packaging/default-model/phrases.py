# SPDX-License-Identifier: Apache-2.0
"""What a topic is, and how short patterns become many differently worded questions.

A pattern is a sentence with alternatives in square brackets: "[where|in which place] is it" stands for
two sentences. Brackets nest; an alternative may be empty.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One thing that the guide knows: its answer and the ways to ask for it."""

    name: str  # unique over facts and small talk
    answer: str
    keywords: tuple[str, ...]  # an answer is right when it holds all of these, in any letter case
    kind: str = "free"  # which of FRAMES wraps the subjects
    subjects: tuple[str, ...] = ()  # patterns put into the frames of `kind`
    asks: tuple[str, ...] = ()  # patterns of whole questions


# How people ask for each kind of thing. {} is the subject: a noun phrase for what and where, a verb phrase
# for how, a clause for happens and whether.
FRAMES: dict[str, tuple[str, ...]] = {
    "what": (
        "what is {}",
        "what's {}",
        "what [exactly|really|actually] is {}",
        "[define|explain|describe] {}",
        "[please |]explain {} [to me|in simple words|]",
        "tell me [about|what is meant by] {}",
        "what do you [mean by|call] {}",
        "what does {} mean",
        "[give me|I need] a [short|brief|] [definition|explanation|description] of {}",
        "what is the [meaning|purpose|role|job] of {}",
        "what is {} [for|good for|used for]",
        "what does {} do",
        "{}",
        "can you [explain|describe] {}",
        "I do not [understand|know] {}",
        "I keep reading about {}",
        "how would you [describe|explain] {} to a [beginner|newcomer|friend]",
        "who or what is {}",
        "[do you know|could you tell me] what {} is",
        "meaning of {}",
        "could you say a few words about {}",
        "I'd love to [learn|hear more] about {}",
        "how is {} defined",
        "[my boss|a customer|our team|the new student|my colleague] [asks about|is curious about|is confused by] {}",
        "[my boss|a customer|our team|the new student|my colleague] [needs to know about|talks about|wonders about] {}",
        "what [kind|sort] of thing is {}",
        "what role [has|does] {} [play|]",
        "why [is there|do you have|do we need|would one want] {}",
        "where does {} fit in",
        "what makes {} special",
        "{} confuses me",
        "is {} [important|useful|needed]",
        "how does {} work",
        "give [me |]details [on|about] {}",
        "what can you [tell|teach] me about {}",
        "what should I know about {}",
        "{} in a few words",
        "I would be glad to understand {}",
        "an introduction to {}",
        "I [saw|found|met] {} in the [manual|documentation|log]",
        "who needs {}",
        "when do I [need|meet|use] {}",
        "why is {} [called that|there]",
    ),
    "how": (
        "how do I {}",
        "how can I {}",
        "how to {}",
        "how does one {}",
        "how would [I|you|somebody] {}",
        "[I want|I would like|I need|I'd like|I am trying] to {}",
        "what is the [command|way|best way|right way] to {}",
        "which command [lets me|do I use to|should I use to|will] {}",
        "[is there|do you have] [a way|a command|an option] to {}",
        "[show|tell] me how to {}",
        "what must I [type|do] to {}",
        "what [steps|do I need] to {}",
        "can I {}",
        "help me [to |]{}",
        "[explain|describe] how to {}",
        "let me {}",
        "is it possible to {}",
        "[please |]{} for me",
        "what should I [run|enter|call] to {}",
        "my task is to {}",
        "[my boss|a customer|our team|the new student|my colleague] [wants|needs|tries|would like|has] to {}",
        "we [need|have|want] to {} [today|now|soon|]",
        "the [easiest|simplest|usual|quickest] way to {}",
        "in order to {}, what do I [do|type|need]",
        "I tried to {} [and failed|but it did not work]",
        "is there any [chance|trick] to {}",
        "[could I|am I able to|may I] {}",
        "what lets me {}",
        "does deepflow let me {}",
        "before I {}, what is needed",
        "trying to {}",
        "it must be possible to {}",
        "I do not know how to {}",
        "when I want to {}, what do I do",
        "how might one {}",
        "is it [hard|easy|difficult] to {}",
        "I have no idea how to {}",
    ),
    "where": (
        "where is {}",
        "where's {}",
        "where do I find {}",
        "where can I [find|see|look for] {}",
        "where does {} [live|lie|sit]",
        "what is the [path|location|place|address] of {}",
        "[show|tell] me where {} is",
        "in which [folder|directory|place] is {}",
        "[path|location] of {}",
        "I [cannot find|am looking for|search for] {}",
        "which path has {}",
        "how do I find {}",
        "find {}",
        "where should I look for {}",
        "{}, where is it",
        "where did {} go",
        "I lost {}",
        "where on [my|the] disk is {}",
        "give me the [path|place|location] of {}",
        "under which path do I find {}",
        "where in the file system is {}",
        "to find {}, where do I go",
        "where [would|will] {} be",
        "[my boss|a customer|our team|the new student|my colleague] [cannot find|asks for|needs] {}",
        "how do I get to {}",
        "does {} have a [fixed|certain] place",
        "{}",
    ),
    "happens": (
        "what happens [when|if|after] {}",
        "what [will|would] happen [when|if] {}",
        "what does DeepFlow do [when|if] {}",
        "what if {}",
        "suppose {}",
        "[and |]if {}",
        "{}, what then",
        "{}, what happens",
        "what is the [effect|result|consequence] when {}",
        "how does DeepFlow [react|respond] when {}",
        "tell me what happens when {}",
        "is it bad when {}",
        "what should I expect when {}",
        "explain what happens if {}",
        "what do I see when {}",
        "will anything break if {}",
        "picture this: {}",
        "there is a risk that {}",
        "{} and then",
        "I fear that {}",
        "how bad is it when {}",
        "do I lose [data|anything|my answer] when {}",
        "who notices when {}",
        "will my [clients|users] notice when {}",
        "is it a problem if {}",
        "what do you do when {}",
        "how is it handled when {}",
        "it can be that {}",
        "yesterday {}",
        "will it [survive|recover] when {}",
        "there was an accident: {}",
    ),
    "whether": (
        "is it true that {}",
        "can it be that {}",
        "[tell me|I wonder|do you know] whether {}",
        "[tell me|I wonder|I want to know] if {}",
        "I [heard|read|think|believe] that {}",
        "{}, is that right",
        "{}, [yes or no|correct|right]",
        "so {}",
        "how come {}",
        "why is it that {}",
        "[explain|show] why {}",
        "somebody [said|told me] that {}",
        "does it mean that {}",
        "am I right that {}",
        "is it so that {}",
        "could it be that {}",
        "do you mean that {}",
        "I [fear|hope|suspect|doubt] that {}",
        "please confirm that {}",
        "how can it be that {}",
        "they say {}",
        "[my boss|a customer|our team|my colleague] [thinks|asks whether|is afraid that|is sure that] {}",
    ),
    "free": ("{}",),
}


def expand(pattern: str, draw: random.Random) -> str:
    """Picks one alternative in every bracket of the pattern.

    Raises ValueError for a bracket without its partner.
    """
    while "[" in pattern:
        start = pattern.rindex("[")
        end = pattern.index("]", start)
        choice = draw.choice(pattern[start + 1 : end].split("|"))
        pattern = pattern[:start] + choice + pattern[end + 1 :]
    if "]" in pattern:
        raise ValueError(f"a closing bracket without its opening one: {pattern}")
    return " ".join(pattern.split())


def ask(topic: Topic, draw: random.Random) -> str:
    """One plain wording of a question for the topic, before any noise."""
    framed = bool(topic.subjects) and (not topic.asks or draw.random() < 0.6)
    if not framed:
        return expand(draw.choice(topic.asks), draw)
    subject = expand(draw.choice(topic.subjects), draw)
    return expand(draw.choice(FRAMES[topic.kind]), draw).replace("{}", subject)
