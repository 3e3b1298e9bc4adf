"""Discord's documented refusals.

Knows: status, JSON error code and sentence. Must not know: when they apply.
Rules: one function per refusal that more than one place gives; everything else is a RefusedError with its numbers.
"""

from tests.servers.discord.world import Json


class RefusedError(Exception):
    """An answer other than success: HTTP status, Discord's code, a sentence, and which fields were wrong."""

    def __init__(self, status: int, code: int, message: str, *, errors: Json | None = None, extra: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code, **({"errors": errors} if errors else {}), **(extra or {})}


def wrong(place: str, message: str, code: str = "BASE_TYPE_INVALID") -> RefusedError:
    """A body that is not well-formed, at a dotted place."""
    inner: Json = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(place.split(".")):
        inner = {part: inner}
    return RefusedError(400, 50035, "Invalid Form Body", errors=inner)


def too_long(place: str, most: int) -> RefusedError:
    """A text over its limit."""
    return wrong(place, f"Must be {most} or fewer in length.", "BASE_TYPE_MAX_LENGTH")


def missing_access() -> RefusedError:
    """What cannot be seen."""
    return RefusedError(403, 50001, "Missing Access")


def missing_permissions() -> RefusedError:
    """What can be seen and not done."""
    return RefusedError(403, 50013, "Missing Permissions")


def unknown(what: str) -> RefusedError:
    """What is not there."""
    codes = {
        "Application": 10002, "Channel": 10003, "Guild": 10004, "Member": 10007, "Message": 10008, "Role": 10011,
        "User": 10013, "Emoji": 10014, "Webhook": 10015, "interaction": 10062, "application command": 10063,
    }  # fmt: skip
    return RefusedError(404, codes[what], f"Unknown {what}")
