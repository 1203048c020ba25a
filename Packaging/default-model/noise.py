# SPDX-License-Identifier: Apache-2.0
"""Noise that makes a clean question look like what people type: openers, closers, synonyms, slips.

The sentences around a question are never the same for long, so the model learns to look for what matters.
"""

import random
import re
import string
from functools import partial

from phrases import expand
from strangers import FOREIGN, STRANGERS
from words import CLOSERS, FILLERS, FOREIGN_QUESTIONS, NUMBER_SCENES, OPENERS, SCENES, STOP_WORDS, SYNONYMS

_TELLING_NUMBERS = frozenset((0, 1, 64, 69, 75, 77, 78, 400, 404, 429))  # a topic may be about them
_BEGINNINGS = "b c d f g h j k l m n p r s t v w z bl br cl dr fl fr gl gr kl pl pr sch sk sl sn sp st tr".split()
_VOWELS = "a e i o u a e i o ai ea ee ou oo y".split()
_ENDINGS = ["", "", "", *"b ck d ft g l ll m n nd ng nk p r rd rt s sh st t th x".split()]


def _invented(draw: random.Random) -> str:
    """A word that does not exist."""
    parts = range(draw.choice((1, 2, 2, 3)))
    return "".join(draw.choice(_BEGINNINGS) + draw.choice(_VOWELS) + draw.choice(_ENDINGS) for _ in parts)


def _stranger(draw: random.Random, known: tuple[str, ...] = STRANGERS) -> str:
    return _invented(draw) if draw.random() < 0.15 else draw.choice(known)


def _number(draw: random.Random) -> str:
    while True:
        number = draw.randrange(draw.choice((13, 100, 100, 1000, 3000)))
        if number not in _TELLING_NUMBERS:
            return str(number)


def estranged(pattern: str, draw: random.Random, known: tuple[str, ...] = STRANGERS) -> str:
    """One wording of the pattern, with a strange word for each * and a number for each #."""
    fill = {"*": partial(_stranger, draw, known), "#": partial(_number, draw)}
    pieces = re.split(r"([*#])", expand(pattern, draw))
    return "".join(fill[piece]() if piece in fill else piece for piece in pieces)


def foreign_question(draw: random.Random) -> str:
    """A question about things that the guide knows nothing of."""
    return estranged(draw.choice(FOREIGN_QUESTIONS), draw, FOREIGN)


def _with_scene(text: str, draw: random.Random) -> str:
    """The text with one more sentence that has nothing to do with it, before or after."""
    counts = not any(character.isdigit() for character in text) and draw.random() < 0.25
    scene = estranged(draw.choice(NUMBER_SCENES if counts else SCENES), draw)
    if draw.random() < 0.65:
        return scene + draw.choice((". ", ". ", ", ", ", ", ": ", "; ", "! ", " - ", " and ", ", so ", "... ")) + text
    return text + draw.choice((". ", "? ", "? ", ", ", " - ", " - ", "; ", ", since ", " because ")) + scene


def _swap_synonyms(words: list[str], draw: random.Random) -> list[str]:
    return [draw.choice(SYNONYMS[w]) if w in SYNONYMS and draw.random() < 0.4 else w for w in words]


def _slip(word: str, draw: random.Random) -> str:
    """One slip of the fingers in a word of letters: a swap, a loss or a doubling."""
    if len(word) < 5 or not word.isalpha():
        return word
    at = draw.randrange(1, len(word) - 1)
    kind = draw.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def _sprinkle(words: list[str], draw: random.Random) -> list[str]:
    """Strange words before, after or within the question."""
    place = draw.randrange(3)
    strangers = [_stranger(draw) for _ in range(draw.randint(1, 6))]
    if place == 0:
        return strangers + words
    if place == 1:
        return words + strangers
    result = list(words)
    for stranger in strangers[:3]:
        result.insert(draw.randrange(len(result) + 1), draw.choice((stranger, draw.choice(FILLERS))))
    return result


def _estrange(words: list[str], draw: random.Random) -> list[str]:
    """Puts strange words in the place of words that carry no hint."""
    return [_stranger(draw) if w.lower() in STOP_WORDS and draw.random() < 0.4 else w for w in words]


def _keywords_only(words: list[str], draw: random.Random) -> list[str]:
    """What a hurried person types: the words that matter, in about the same order."""
    kept = [w for w in words if w.lower() not in STOP_WORDS]
    if len(kept) >= 2 and draw.random() < 0.3:
        draw.shuffle(kept)
    return kept if len(kept) >= 2 else words


def roughen(question: str, draw: random.Random, rewording: bool = True) -> str:
    """A question as somebody might type it.

    With `rewording` off, words inside the question stay as they are (numbers must not lose their order).
    """
    words = question.split(" ")
    if rewording:
        words = _swap_synonyms(words, draw)
        if draw.random() < 0.10:
            words = _keywords_only(words, draw)
        if draw.random() < 0.25:
            words = _sprinkle(words, draw)
        elif draw.random() < 0.15:
            words = _estrange(words, draw)
        if draw.random() < 0.10:
            words = [_slip(w, draw) if draw.random() < 0.25 else w for w in words]
    elif draw.random() < 0.1:
        strangers = [_stranger(draw) for _ in range(draw.randint(1, 5))]
        words = strangers + words if draw.random() < 0.5 else words + strangers
    text = " ".join(words)
    if draw.random() < 0.25:
        text = draw.choice(OPENERS) + draw.choice((", ", " ", ": ", ". ", "! ")) + text
    if draw.random() < 0.20:
        text = text + draw.choice((", ", " ")) + draw.choice(CLOSERS)
    if draw.random() < (0.30 if rewording else 0.15):
        text = _with_scene(text, draw)
    return _punctuate(text, draw)


def _punctuate(text: str, draw: random.Random) -> str:
    style = draw.random()
    if style < 0.25:
        return text.lower() + draw.choice(("", "", "?"))
    if style < 0.30:
        return text.upper() + draw.choice(("", "?"))
    ending = draw.choice(("?", "?", "?", ".", "", "!", "??"))
    text = text.rstrip(string.punctuation + " ") if not text.endswith(("`", "=", ")")) else text
    return text[:1].upper() + text[1:] + ending
