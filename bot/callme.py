"""The names by which a member says that others call them: added, taken back, listed, and found in a message.

Knows: the record of such names, which are refused, the sentences. Must not know: platforms, rules, who moderates.
Rules: a member gives names for themselves alone, five at most over all their accounts; only they are shown them; a name that hurts is
taken, because it is those names that others throw at them; the audit trail holds that a name was given and not which.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import replace

from bot.core.cases import NotAllowedError
from bot.core.model import Context, Message
from bot.core.naming import unmarked
from bot.core.notices import Sentences
from bot.core.policy import Policy
from bot.names import ALSO_WORDS, SHORT_LETTERS_MAX, Names, key_of
from bot.store.store import Transaction

NAMES_MAX = 5
"""Names of one member: those that others really use. More would be a net for critics."""

Account = tuple[str, str]
"""Platform and account."""


async def answer(
    transaction: Transaction, names: Names, policy: Policy, sentences: Sentences, *, asker: Account, how: str, name: str
) -> str:
    """Do what a member asks about their own names: add, remove, or list. Raises NotAllowedError."""
    name = " ".join(unicodedata.normalize("NFC", unmarked(name)).split())
    own = await transaction.accounts_of(*asker)
    match how, bool(name):
        case ("list", False):
            return await _listed(transaction, sentences, own)
        case ("add", True):
            await _add(transaction, names, policy, sentences, asker=asker, own=own, name=name)
            return "\n".join(filter(None, [sentences["called_added"].format(name=name), _how_it_counts(name, sentences)]))
        case ("remove", True):
            if not await transaction.take_back_name(own, key_of(name)):
                raise NotAllowedError(sentences["called_unknown"])
            await transaction.audit("name_taken_back", values={"platform": asker[0], "account": asker[1]})
            return sentences["called_removed"].format(name=name)
    raise NotAllowedError(sentences["called_how"])


async def _add(
    transaction: Transaction,
    names: Names,
    policy: Policy,
    sentences: Sentences,
    *,
    asker: Account,
    own: Collection[Account],
    name: str,
) -> None:
    key, given = key_of(name), await transaction.given_names()
    mine = [one for one, account in given.items() if account in own]
    if key in mine:
        raise NotAllowedError(sentences["called_again"])
    refusal = names.refusal(name, policy, [account for _, account in own], taken=key in given)
    if refusal:
        raise NotAllowedError(sentences[refusal])
    if len(mine) >= NAMES_MAX:
        raise NotAllowedError(sentences["called_many"].format(most=NAMES_MAX))
    await transaction.give_name(*asker, name=key, written=name)
    await transaction.audit("name_given", values={"platform": asker[0], "account": asker[1]})


async def _listed(transaction: Transaction, sentences: Sentences, own: Collection[Account]) -> str:
    written = await transaction.written_names_of(own)
    if not written:
        return sentences["called_none"]
    lines = [" ".join(filter(None, [f"“{name}”", _how_it_counts(name, sentences)])) for name in written]
    return "\n".join([sentences["called_list"], *lines])


def _how_it_counts(name: str, sentences: Sentences) -> str:
    """What the member must know of a name that does not count in every spelling; "" for others."""
    key = key_of(name)
    return sentences["called_within"] if key in ALSO_WORDS else sentences["called_capital"] if len(key) <= SHORT_LETTERS_MAX else ""


async def refresh(transaction: Transaction, names: Names) -> None:
    """Read which names are given where somebody has changed them."""
    if names.stale:
        names.give(await transaction.given_names())


async def with_given_names(context: Context, message: Message, names: Names, transaction: Transaction) -> Context:
    """The context with the members whom the message calls by names that they have given, by their accounts on its platform."""
    people: dict[str, str] = {}
    written: dict[str, str] = {}
    for name, ((platform, account), as_written) in names.given_in(message.text).items():
        own = [(platform, account)] if platform == message.platform else await transaction.accounts_of(platform, account)
        here = next((one for where, one in own if where == message.platform), None)
        if here is not None and name not in context.people:
            people[name], written[name] = here, as_written
    return replace(context, people={**context.people, **people}, given=written) if people else context
