"""The catalogue of signals for those who write rules, made from the code.

Knows: the signals' docstrings and fields. Must not know: rules.
Rules: policies/README.md holds it between two marks, and a test compares.
"""

import dataclasses
import types
import typing
from datetime import timedelta
from enum import Enum

from bot.core.signals import SIGNALS

BEGIN, END = "<!-- signals:begin -->", "<!-- signals:end -->"


def catalogue() -> str:
    """One section a signal: what it measures, and what a rule may write."""
    sections = []
    for name, kind in SIGNALS.items():
        short = getattr(kind, "single", "")
        lines = [f"### {name}", "", " ".join((kind.__doc__ or "").split()), ""]
        hints = typing.get_type_hints(kind)
        lines += [_field(field, hints[field.name]) for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        if short:
            lines += ["", f"Short form: `{name}: {short.upper()}`."]
        sections.append("\n".join(lines))
    return "\n\n".join(sections) + "\n"


def _field(field: "dataclasses.Field[object]", hint: object) -> str:
    """One argument in words."""
    needed = field.default is dataclasses.MISSING
    value = "" if needed else f"; {_plain(field.default)} unless written"
    bounds = ""
    if "low" in field.metadata:
        bounds = f" from {_plain(field.metadata['low'])} to {_plain(field.metadata['high'])}"
    if "bank" in field.metadata:
        bounds = f" (the name of a bank: {field.metadata['bank']})"
    return f"- `{field.name}`: {_type(hint)}{bounds}{value}"


def _type(hint: object) -> str:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(choice) for choice in hint)
    names: dict[object, str] = {
        str: "a text",
        float: "a number",
        int: "a whole number",
        bool: "yes or no",
        timedelta: "a time such as 90s, 10m, 7d",
    }
    return names.get(hint, "a list" if isinstance(hint, types.GenericAlias) else str(hint))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return f"{value.days}d" if value.days else f"{value.seconds}s"
    return str(value)


def placed(readme: str) -> str:
    """The README with the catalogue between its marks."""
    before, rest = readme.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{catalogue()}\n{END}{after}"
