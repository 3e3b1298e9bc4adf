"""The closed list of signals: each measures one fact about a message in its context.

Knows: which signals there are. Must not know: rules, severities, statuses, actions.
Rules: a signal is a frozen dataclass whose fields are what a rule author may write; `measure` is short and pure; it answers
True, False or None (not measurable: the score is missing), and shows its evidence when True.

To add a signal: 1. write a class in a module of this package, with a docstring (it becomes the catalogue in policies/README.md);
2. put it into that module's SIGNALS; 3. use it in a rule with examples; the compiler reads the fields, there is nothing else to do.
"""

from collections.abc import Mapping

from bot.core.signals import basic, disruption, images, relations, text_facts
from bot.core.signals.basic import (
    NO,
    Aim,
    AimedAt,
    BankWords,
    Label,
    Measure,
    PassesOn,
    Passing,
    Reading,
    Score,
    Signal,
)
from bot.core.signals.images import SharedImage
from bot.core.signals.relations import contacts_left, pile_on, provoked_by

__all__ = [
    "NO",
    "SIGNALS",
    "Aim",
    "AimedAt",
    "BankWords",
    "Label",
    "Measure",
    "PassesOn",
    "Passing",
    "Reading",
    "Score",
    "SharedImage",
    "Signal",
    "contacts_left",
    "pile_on",
    "provoked_by",
]

SIGNALS: Mapping[str, type[Signal]] = {
    **basic.SIGNALS,
    **text_facts.SIGNALS,
    **relations.SIGNALS,
    **disruption.SIGNALS,
    **images.SIGNALS,
}
