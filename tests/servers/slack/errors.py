"""Slack's documented refusals.

Knows: how an answer that is not ok looks. Must not know: when a refusal applies.
Rules: the codes are those of the method's own page or the common ones; the checks at the end of each test hold them to it.
"""

from tests.servers.slack.world import Json


class RefusedError(Exception):
    """An answer `{"ok": false, "error": code}`, with further fields where Slack gives some."""

    def __init__(self, code: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.body: Json = {"ok": False, "error": code, **more}


def invalid_arguments(*messages: str) -> RefusedError:
    """Arguments that are not well-formed; Slack says which in response_metadata."""
    return RefusedError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in messages]})


class NotAllowedError(Exception):
    """Slack's own client would not have let this person do that."""
