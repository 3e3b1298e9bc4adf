"""Which rows are about an account: one list, by which a member is shown what is kept about them, and by which it is deleted.

Knows: what each table that names an account says of it. Must not know: when anything is deleted.
Rule: a column that names an account stands here, or in `NOT_THEIRS` with the reason; a test compares both with the tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Table, and_

from bot.store.part import given, where
from bot.store.tables import (
    accounts,
    actions,
    appeals,
    case_messages,
    cases,
    consents,
    contacts,
    earlier,
    findings,
    given_names,
    hateful,
    likes,
    link_codes,
    link_tries,
    newcomers,
    no_contact,
    notices,
    reports,
    reviews,
    sanctions,
    strikes,
    support,
)

HANG_ON_A_CASE: tuple[Table, ...] = (
    *(consents, likes, hateful, earlier, appeals, reviews, reports, notices, actions, sanctions, strikes, findings, case_messages),
)
"""What is deleted with its case; a report that led to none is deleted by its age, or with who made it."""


@dataclass(frozen=True, slots=True)
class About:
    """The rows of a table whose column names an account, and what a member reads above them; "" where they do not."""

    column: Column[str]
    words: str = ""

    @property
    def table(self) -> Table:
        """The column's table."""
        return self.column.table

    @property
    def hangs(self) -> bool:
        """Say whether such a row goes with a case, and so is not deleted by itself."""
        return self.table is cases or self.table in HANG_ON_A_CASE

    @property
    def theirs(self) -> ColumnElement[bool]:
        """The rows of one account, given as `account` beside its `platform`."""
        return and_(where(self.table, "platform"), self.column == given("account"))


ABOUT = (
    About(cases.c.author, "cases"),
    About(case_messages.c.author, "messages in cases"),
    About(earlier.c.author, "earlier messages in cases"),
    About(newcomers.c.account, "messages while your account was new"),
    About(strikes.c.author, "strikes"),
    About(sanctions.c.author, "mutes"),
    About(notices.c.account, "notices"),
    About(appeals.c.account, "appeals"),
    About(reports.c.reporter, "reports you made"),
    About(no_contact.c.target, "people whose contact you do not want"),
    About(given_names.c.account, "names by which you say that others call you"),
    About(consents.c.account, "what you were asked about private details"),
    About(likes.c.account, "your reactions that I wrote to you about"),
    About(contacts.c.author, "whom you addressed, without text"),
    About(support.c.target, "when moderators were asked to look after you"),
    About(contacts.c.target),  # what somebody else did
    About(accounts.c.account),  # shown above all the rest, with those of other platforms
    About(link_codes.c.account),  # for ten minutes, and not the code itself
    About(link_tries.c.account),  # for an hour
)
NOT_THEIRS = {
    reports.c.author: "sealed: whom somebody reported is not told, and the report is the reporter's",
    no_contact.c.author: "whom somebody asked to be left alone by: theirs who asked, and told by a notice",
    hateful.c.author: "goes with the case, where the same message stands",
    actions.c.target: "what a notice or an answer said stands in `notices`; the letter is blanked, see forgetting.py",
}


def shown() -> Iterator[About]:
    """What a member reads of."""
    return (one for one in ABOUT if one.words)


def deleted_by_itself() -> Iterator[About]:
    """What is deleted when an account is forgotten, though no case of its goes."""
    return (one for one in ABOUT if not one.hangs)
