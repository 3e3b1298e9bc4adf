"""One member with accounts on two platforms: a code made on one and typed on the other joins them, never a guess.

Knows: codes, how long they hold, how often one may try. Must not know: platforms, how a member is told.
Rules: whoever types a code has both accounts in hand, so both have one record from then on; a code holds for ten minutes and is used
once; only its digest is kept; what is refused is counted all the same.
"""

import hashlib
import secrets
from datetime import timedelta

from bot.core.cases import NotAllowedError
from bot.store.store import Transaction

CODE_LETTERS, CODE_LENGTH = "ACDEFGHJKLMNPQRTUVWXY34679", 8
"""Letters and digits that nobody takes for one another; 2e11 codes in all."""
CODE_VALID = timedelta(minutes=10)
TRIES_WITHIN, TRIES_MAX = timedelta(hours=1), 10
"""How often an account may ask for a code or type one: a guesser would need two million years."""

Account = tuple[str, str]
"""Platform and account."""


async def may_try(transaction: Transaction, account: Account) -> bool:
    """Count a try; False where there were too many. To be committed whatever comes after."""
    tries = await transaction.count_link_try(*account, since=transaction.now - TRIES_WITHIN)
    return tries <= TRIES_MAX


async def offer(transaction: Transaction, account: Account) -> str:
    """A new code for an account; the one before does not count any more."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    await transaction.add_link_code(_digest(code), *account, valid=CODE_VALID)
    return f"{code[:4]}-{code[4:]}"


async def join(transaction: Transaction, here: Account, code: str) -> Account:
    """Link the account that types a code with the one that it was made for, and give that one. Raises NotAllowedError.

    A code that cannot be used for this is not used up.
    """
    other = await transaction.take_link_code(_digest(code), valid=CODE_VALID)
    if other is None:
        raise NotAllowedError("this code is wrong, used or older than 10 minutes: type /link in the other chat for a new one")
    if here[0] == other[0]:
        raise NotAllowedError("type the code in the other chat: it links an account there with yours here")
    known = await transaction.accounts_of(*other)
    if len(await transaction.accounts_of(*here)) > 1 or any(platform == here[0] for platform, _ in known):
        raise NotAllowedError("one of these accounts is linked already: type /unlink there first")
    member = secrets.token_hex(8)
    for platform, account in (*known, here):
        await transaction.link_account(member, platform, account)
    await transaction.audit("linked", values={"accounts": sorted([*known, here])})
    return other


async def part(transaction: Transaction, account: Account) -> None:
    """Give an account a record of its own again. Raises NotAllowedError where it is not linked."""
    own = await transaction.accounts_of(*account)
    if len(own) == 1:
        raise NotAllowedError("this account is not linked with another one")
    await transaction.unlink_account(*account)
    await transaction.audit("unlinked", values={"accounts": sorted(own), "parted": list(account)})


def _digest(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256("".join(filter(str.isalnum, code.upper())).encode()).hexdigest()
