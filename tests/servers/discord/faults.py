"""What goes wrong on purpose: the names that all wire-level servers of these tests share, as the Discord server imports them.

Knows: tests/servers/faults.py. Must not know: anything else.
Rules: nothing of its own.
"""

from tests.servers.faults import EVERY, Exchange, Fault, Faults, chosen, same_call

__all__ = ["EVERY", "Exchange", "Fault", "Faults", "chosen", "same_call"]
