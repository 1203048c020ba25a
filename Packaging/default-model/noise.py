# SPDX-License-Identifier: Apache-2.0
"""Noise that makes a clean question look like what people type: openers, closers, synonyms, slips.

The sentences around a question are never the same for long, so the model learns to look for what matters.
"""

import random
import string

from phrases import expand
from words import CLOSERS, FILLERS, OPENERS, SCENES, STOP_WORDS, STRANGERS, SYNONYMS


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
    strangers = [draw.choice(STRANGERS) for _ in range(draw.randint(1, 6))]
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
    return [draw.choice(STRANGERS) if w.lower() in STOP_WORDS and draw.random() < 0.4 else w for w in words]


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
        if draw.random() < 0.08:
            words = _keywords_only(words, draw)
        if draw.random() < 0.20:
            words = _sprinkle(words, draw)
        elif draw.random() < 0.10:
            words = _estrange(words, draw)
        if draw.random() < 0.10:
            words = [_slip(w, draw) if draw.random() < 0.25 else w for w in words]
    elif draw.random() < 0.1:
        strangers = [draw.choice(STRANGERS) for _ in range(draw.randint(1, 5))]
        words = strangers + words if draw.random() < 0.5 else words + strangers
    text = " ".join(words)
    if draw.random() < 0.25:
        text = draw.choice(OPENERS) + draw.choice((", ", " ", ": ", ". ", "! ")) + text
    if draw.random() < 0.20:
        text = text + draw.choice((", ", " ")) + draw.choice(CLOSERS)
    if draw.random() < 0.12:
        scene = expand(draw.choice(SCENES), draw)
        text = draw.choice((f"{scene}. {text}", f"{scene}, {text}", f"{text}. {scene}", f"{text}? {scene}"))
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
