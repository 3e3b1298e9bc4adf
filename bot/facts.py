"""What libraries know about a message, put beside it before the core judges it.

Knows: which detectors there are. Must not know: rules, what a fact means.
Rules: facts stand in the order of the message's segments; the service and the policy's examples ask the same function; a message
whose facts cannot be found has none (None), and rules that need them are then unjudged.
"""

from functools import lru_cache

from bot.core.judge import segments_of
from bot.core.model import Context, Facts, Message
from bot.core.policy import Policy
from bot.details import details_in, plain_detail
from bot.languages import foreign


def facts_of(message: Message, context: Context, policy: Policy) -> tuple[Facts, ...]:
    """The facts of each segment of a message."""
    known = _known(policy.office_contacts)
    segments = segments_of(message, context)
    return tuple(Facts(details=details_in(one.text, known), language=_language(one.text, policy)) for one in segments)


def _language(text: str, policy: Policy) -> str:
    """A foreign language; none where the text is disguised and what it says is none."""
    language = foreign(text, policy.languages)
    return foreign(policy.disguises.read(text).text, policy.languages) if language else language


@lru_cache(maxsize=8)
def _known(contacts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(plain_detail, contacts))
