"""The core's values as JSON and back, exactly.

Knows: how dataclasses, tuples, mappings, sets, enumerations and moments look as JSON. Must not know: which values there are.
Rules: what was encoded decodes to an equal value; a field that was not yet there when a row was written takes its default;
a field that is gone is left out, and so is one that says it is not to be kept (where an image lies).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from bot.store.tables import from_microseconds, to_microseconds

T = TypeVar("T")


def encode(value: object) -> Any:  # noqa: PLR0911 - one kind of value a line
    """A value as lists, dictionaries, numbers and text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return to_microseconds(value)
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value) if field.metadata.get("kept", True)}
    if isinstance(value, Mapping):
        return {str(key): encode(inner) for key, inner in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(encode(inner) for inner in value)
    assert isinstance(value, tuple | list), f"no encoding for {type(value).__name__}"
    return [encode(inner) for inner in value]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def decode(kind: type[T], stored: Any) -> T:
    """The value of that type which was encoded."""
    decoded: T = _decode(kind, stored)
    return decoded


def decode_all(kind: type[T], stored: Any) -> tuple[T, ...]:
    """A tuple of values of that type."""
    return tuple(decode(kind, each) for each in stored)


def _decode(kind: Any, stored: Any) -> Any:  # noqa: PLR0911 - one kind of value a line
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        if stored is None:
            return None
        return _decode(next(one for one in get_args(kind) if one is not type(None)), stored)
    if origin is tuple:
        return tuple(_decode(get_args(kind)[0], each) for each in stored)
    if origin is frozenset:
        return frozenset(_decode(get_args(kind)[0], each) for each in stored)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(get_args(kind)[1], each) for key, each in stored.items()}
    if kind is datetime:
        return from_microseconds(stored)
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{name: _decode(hints[name], each) for name, each in stored.items() if name in hints})  # type: ignore[operator]
    if kind is float:
        return float(stored)
    return kind(stored) if issubclass(kind, Enum) else stored
