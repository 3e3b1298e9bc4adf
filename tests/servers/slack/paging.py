"""Pages: cursors that only the server reads.

Knows: how a cursor is written. Must not know: what is paged.
Rules: an unknown cursor is invalid_cursor; an empty next_cursor is the end.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from tests.servers.slack.errors import RefusedError
from tests.servers.slack.world import Json

Item = TypeVar("Item")


def write_cursor(kind: str, place: str) -> str:
    """Write a cursor."""
    return base64.b64encode(f"{kind}:{place}".encode()).decode()


def read_cursor(kind: str, cursor: str) -> str:
    """Read a cursor of that kind."""
    try:
        found, _, place = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise RefusedError("invalid_cursor") from None
    if found != kind or not place:
        raise RefusedError("invalid_cursor")
    return place


def page(items: Sequence[Item], cursor: str, limit: int, kind: str) -> tuple[list[Item], Json]:
    """Cut a page out of a list that does not change; give it with its response_metadata."""
    start = int(read_cursor(kind, cursor)) if cursor else 0
    end = start + limit
    following = write_cursor(kind, str(end)) if end < len(items) else ""
    return list(items[start:end]), {"next_cursor": following}


def window(items: Sequence[Any], oldest: str, latest: str, *, inclusive: bool) -> list[Any]:
    """Keep what lies between two ts, both excluded unless `inclusive`."""
    low, high = float(oldest or 0), float(latest) if latest else float("inf")
    return [one for one in items if low < float(one.ts) < high or (inclusive and one.ts in {oldest, latest})]
