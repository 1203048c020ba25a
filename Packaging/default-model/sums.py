# SPDX-License-Identifier: Apache-2.0
"""Sums of two numbers below 100: the questions, the answers, and the pairs that training never sees.

Some of the training's numbers are larger; nobody is promised their sums.
"""

import random

from noise import estranged

LIMIT = 100  # both numbers are below it
_LARGE_LIMIT = 1000
_LARGE_SHARE = 0.4  # of training: too many pairs to learn by heart, so that copying digits is learnt as a rule
HELD_OUT_SHARE = 0.10
_SPLIT_SEED = 20250114

_THINGS = (
    "apples|coins|books|servers|models|pears|stones|cats|dogs|trees|cars|boxes|letters|cups|chairs|fish|eggs|songs|cards"
    "|birds|flowers|bottles|bags|cookies|points|pages|balls|pens|tickets|houses|horses|children|toys|days|kilos|metres"
)
_FRAMES: tuple[str, ...] = (
    "what is {a} + {b}",
    "what is {a} plus {b}",
    "what's {a} [+|plus|and] {b}",
    "{a} + {b}",
    "{a}+{b}",
    "{a} + {b} =[| ?]",
    "{a} plus {b}",
    "{a} and {b}",
    "add {a} and {b}",
    "add {a} to {b}",
    "[please |]add [up |together |]{a} and {b}",
    "add {a} + {b}",
    "[calculate|compute|solve|work out|evaluate|find|tell me] {a} [+|plus] {b}",
    "how much is {a} [+|plus|and] {b}",
    "[the |what is the |give me the |find the |calculate the ][sum|total|result] of {a} [and|plus|+] {b}",
    "sum {a} and {b}",
    "sum up {a} and {b}",
    "[can|could] you [add|sum|compute|calculate] {a} [and|+|plus] {b}",
    "what do you get [when you add|if you add|from adding] {a} [and|to] {b}",
    "what do {a} and {b} [make|add up to|give|come to]",
    "{a} [more|added|increased by|raised by] {b}",
    "{a} added to {b}",
    "increase {a} by {b}",
    "{a} [and|plus] {b} [make|makes|is|equals|gives] [what|how much|]",
    "if I add {a} and {b}, what is the [result|sum|total]",
    (
        f"[I|we|you|they] [have|had|own|bought] {{a}} [{_THINGS}] and [get|buy|find|receive] {{b}} more, how many [do I"
        " have|are there]"
    ),
    f"there are {{a}} [{_THINGS}] and {{b}} [others|more|{_THINGS}], how many [together|in total|is that]",
    (
        f"[Anna|Tom|my son|the shop|a farmer|my team] has {{a}} [{_THINGS}] and gets {{b}} [more|{_THINGS}], [how many"
        " is that|how many now]"
    ),
    f"{{a}} [{_THINGS}] and {{b}} [{_THINGS}], [how many|what is the sum|how much]",
    f"{{a}} [{_THINGS}] [plus|and|with] {{b}} [more|{_THINGS}]",
    "[the first|one|my] number is {a}, the [second|other] is {b}, [add them|what is the sum|what is the total]",
    "{a} and then {b} [more|again|on it|], [what is it|how much|the total]",
    "[my friend|the teacher|my boss|a child] [asks|wants] {a} [+|plus|and] {b}",
    "{b} more than {a}",
    (
        "[I paid|it costs|we need] {a} [euros|dollars|minutes|coins] and {b} [for the rest|more|later], [how much is"
        " it|the total]"
    ),
    "is {a} [+|plus] {b} [a lot|hard|easy|known]",
    "{a} [+|plus] {b} [is|gives|makes|equals]",
    "[so|then|now|and] {a} [+|plus|and] {b}",
    "[write|show|print|say|type] {a} [+|plus] {b}",
    "{a} [and|with|plus] {b} [together|in total|altogether|combined]",
    "do you know {a} [+|plus] {b}",
    "[quick|easy|simple] [sum|maths|math|question]: {a} [+|plus|and] {b}",
    "[a sum|maths|math|arithmetic]: {a} [+|plus] {b}",
    "the answer to {a} [+|plus] {b}",
    "put {a} and {b} together",
    "count {a} and {b} together",
    "start with {a} and add {b}",
    "take {a}, then add {b}",
    "with {a} and {b}, what is the [sum|total]",
    "[sum|total|addition]: {a}, {b}",
    "{a}, {b}, [sum|total|add|add them][| please]",
    "combine {a} [and|with] {b}",
    "[begin at|climb from|rise from] {a} [and add|by|and move on by] {b}",
    "{b} [beyond|further than|above|past] {a}",
    "[* |* * |]{a} [+|plus|and] {b} [* *|*|]",
    "[* |* * |the * ]{a} * [and|plus|then|with] [* |]{b} [*|], [how many|total|sum|together|in total|all in all]",
    (
        "[I|we|she|he|they|you] * {a} * [and|and then|, later|, plus] {b} [*|more|others], [how many|how much] [is"
        " that|in total]"
    ),
    "{a} * [here|in the *|on Monday|today] and {b} [there|in a *|on Tuesday|tomorrow], [the total|how many|the sum]",
    "[first|at first] {a} *, [then|later|next] {b} [*|more], [how many|what is the sum|add them up]",
    "a * [of|with|costs|weighs] {a} and a * [of|with|costs|weighs] {b}, [together|the total|how much in total]",
    "this * has {a}, that * {b} [*|], [what is the sum|in total|together|how many *]",
)


def held_out_pairs() -> frozenset[tuple[int, int]]:
    """The pairs (smaller, larger) that only the evaluation uses, in either order."""
    pairs = [(a, b) for a in range(LIMIT) for b in range(a, LIMIT)]
    random.Random(_SPLIT_SEED).shuffle(pairs)
    return frozenset(pairs[: int(len(pairs) * HELD_OUT_SHARE)])


def is_held_out(a: int, b: int, pairs: frozenset[tuple[int, int]]) -> bool:
    """Whether the unordered pair belongs to the evaluation."""
    return (min(a, b), max(a, b)) in pairs


def draw_pair(draw: random.Random, pairs: frozenset[tuple[int, int]]) -> tuple[int, int]:
    """A pair for training; small numbers come a little more often, as people ask them."""
    while True:
        if draw.random() < _LARGE_SHARE:
            a, b = draw.randrange(LIMIT, _LARGE_LIMIT), draw.randrange(_LARGE_LIMIT)
        else:
            a, b = draw.randrange(20 if draw.random() < 0.1 else LIMIT), draw.randrange(LIMIT)
        if draw.random() < 0.5:
            a, b = b, a
        if not is_held_out(a, b, pairs):
            return a, b


def question(a: int, b: int, draw: random.Random) -> str:
    """One wording of the question for a + b."""
    return estranged(draw.choice(_FRAMES), draw).format(a=a, b=b)


def answer(a: int, b: int) -> str:
    """The answer in full, digit by digit as at school: each step is small enough for a small model."""
    steps: list[str] = []
    carry = 0
    for place, (name, unit) in enumerate((("ones", 1), ("tens", 10), ("hundreds", 100))):
        if place == 2 and max(a, b) < unit:
            break
        x, y = a // unit % 10, b // unit % 10
        steps.append(f"{name} {x} + {y}" + " + 1" * carry + f" = {x + y + carry}")
        carry = (x + y + carry) // 10
    return f"{a} + {b}: {', '.join(steps)}, so it is {a + b}."
