# SPDX-License-Identifier: Apache-2.0
"""Everything that the guide can talk about, gathered from the files of this folder."""

from phrases import Topic
from topics import (
    clients,
    commands,
    computing,
    courtesy,
    exit_codes,
    features,
    guide,
    memory,
    operation,
    product,
    reactions,
    safety,
    setup,
    sockets,
    vocabulary,
    wishes,
)

FACTS: tuple[Topic, ...] = (
    *commands.COMMANDS,
    *exit_codes.EXIT_CODES,
    *sockets.SOCKETS,
    *clients.CLIENTS,
    *setup.SETUP,
    *product.PRODUCT,
    *product.PROCESSES,
    *vocabulary.VOCABULARY,
    *safety.FAILURES,
    *safety.SANDBOX,
    *memory.PHASES,
    *memory.MEMORY,
    *computing.COMPUTING,
    *operation.ERRORS,
    *operation.STARTS,
    *features.FEATURES,
)

SMALL_TALK: tuple[Topic, ...] = (
    *courtesy.COURTESY,
    *guide.GUIDE,
    *reactions.REACTIONS,
    *wishes.WISHES,
)
