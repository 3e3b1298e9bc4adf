"""What people ask and decide: accounts, reports, reviews, appeals, no-contact requests.

Knows: who said so, when, and how it stands; what names members have given. Must not know: who may decide, or what follows.
Rules: a reporter's name stays in the table of reports; a state changes only along the core's tables (core/cases.py).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.core.cases import APPEAL, REPORT, AppealState, Decision, ReportState, move
from bot.core.model import NoContact, Severity
from bot.store.part import Part, Row, as_list, each_given, given, where
from bot.store.records import Appeal, Report, ReportKind, Review
from bot.store.tables import accounts, appeals, given_names, link_codes, link_tries, members, no_contact, reports, reviews

OPEN_MAX = 100
"""Reports or appeals that a list gives when the caller does not say how many."""

_ADD_MEMBER = insert(members).on_conflict_do_nothing()
_ACCOUNT_IN = insert(accounts)
_LINK = _ACCOUNT_IN.on_conflict_do_update(
    index_elements=[accounts.c.community, accounts.c.platform, accounts.c.account],
    set_={"member": _ACCOUNT_IN.excluded.member, "linked_at": _ACCOUNT_IN.excluded.linked_at},
)
_SELF = accounts.alias("self")
_ACCOUNTS = (
    select(accounts.c.platform, accounts.c.account)
    .select_from(accounts.join(_SELF, and_(_SELF.c.community == accounts.c.community, _SELF.c.member == accounts.c.member)))
    .where(_SELF.c.community == given("community"), _SELF.c.platform == given("platform"), _SELF.c.account == given("account"))
    .order_by(accounts.c.platform, accounts.c.account)
)
_UNLINK = delete(accounts).where(where(accounts, "platform", "account"))
_ADD_CODE = insert(link_codes)
_CODE = select(link_codes).where(where(link_codes, "digest"))
_FORGET_CODE = delete(link_codes).where(where(link_codes, "digest"))
_FORGET_CODES = delete(link_codes).where(where(link_codes, "platform", "account"))
_FORGET_OLD_CODES = delete(link_codes).where(where(link_codes), link_codes.c.made_at <= given("before"))
_ADD_TRY = insert(link_tries)
_TRIES = (
    select(func.count()).select_from(link_tries).where(where(link_tries, "platform", "account"), link_tries.c.tried_at > given("since"))
)
_FORGET_TRIES = delete(link_tries).where(where(link_tries), link_tries.c.tried_at <= given("since"))
_ADD_REPORT = insert(reports)
_REPORT = select(reports).where(where(reports, "id"))
_REPORTS = select(reports).where(where(reports, "state")).order_by(reports.c.id.desc()).limit(given("limit"))
_REPORTS_WAITING = (
    select(reports)
    .where(where(reports), or_(reports.c.state == ReportState.OPEN.value, reports.c.kind == ReportKind.FORGET_REST.value))
    .order_by(reports.c.id.desc())
    .limit(given("limit"))
)
_REPORTS_OF = select(reports).where(where(reports, "platform", "reporter", "state", "kind")).order_by(reports.c.id.desc())
_ANSWERED_BY = select(reports).where(where(reports, "letter"))
OF_CASE_REPORTS = select(reports).where(where(reports, "case")).order_by(reports.c.id)
_SET_REPORT = update(reports).where(where(reports, "id"))
_ADD_REVIEW = insert(reviews)
OF_CASE_REVIEWS = select(reviews).where(where(reviews, "case")).order_by(reviews.c.id)
_ADD_APPEAL = insert(appeals)
_APPEAL = select(appeals).where(where(appeals, "id"))
_APPEALS = select(appeals).where(where(appeals, "state")).order_by(appeals.c.appealed_at, appeals.c.id).limit(given("limit"))
OF_CASE_APPEALS = select(appeals).where(where(appeals, "case")).order_by(appeals.c.id)
_SET_APPEAL = update(appeals).where(where(appeals, "id"))
_NO_CONTACT_IN = insert(no_contact)
_ASK_NO_CONTACT = _NO_CONTACT_IN.on_conflict_do_update(
    index_elements=list(no_contact.primary_key.columns),
    set_={name: _NO_CONTACT_IN.excluded[name] for name in ("requested_at", "told_at", "until", "ended_at", "letter")},
)
_IN_FORCE = and_(no_contact.c.ended_at.is_(None), no_contact.c.until > given("now"))
_NO_CONTACT = select(no_contact).select_from(each_given("pairs", no_contact, ["platform", "target", "author"], _IN_FORCE))
_NO_CONTACTS_OF = select(no_contact).where(where(no_contact, "platform", "target"), _IN_FORCE).order_by(no_contact.c.requested_at)
_THIS_NO_CONTACT = and_(where(no_contact, "platform", "target", "author"), _IN_FORCE)
_ANY_NO_CONTACT = select(no_contact.c.ended_at).where(where(no_contact, "platform", "target", "author"))
_SET_NO_CONTACT = update(no_contact).where(_THIS_NO_CONTACT)
_TOLD_NO_CONTACT = update(no_contact).where(where(no_contact, "letter"), no_contact.c.told_at.is_(None))
_GIVE_NAME = insert(given_names).on_conflict_do_nothing()
_GIVEN_NAMES = select(given_names.c.name, given_names.c.platform, given_names.c.account).where(where(given_names))
_NAMES_OF = (
    select(given_names.c.written).where(where(given_names, "platform", "account")).order_by(given_names.c.given_at, given_names.c.name)
)
_TAKE_BACK_NAME = delete(given_names).where(where(given_names, "platform", "account", "name"))
_FORGET_NAMES = delete(given_names).where(where(given_names, "platform", "account"))


class PeoplePart(Part):
    """Accounts, reports, reviews, appeals, no-contact requests, names that members have given."""

    async def link_account(self, member: str, platform: str, account: str) -> None:
        """Say that an account is this member's; an account has one member."""
        await self._add(_ADD_MEMBER, member=member, first_seen_at=self.now)
        await self._add(_LINK, member=member, platform=platform, account=account, linked_at=self.now)

    async def accounts_of(self, platform: str, account: str) -> tuple[tuple[str, str], ...]:
        """All (platform, account) of the member whose account this is; itself alone where it is not linked."""
        rows = await self._all(_ACCOUNTS, platform=platform, account=account)
        return tuple((row["platform"], row["account"]) for row in rows) or ((platform, account),)

    async def unlink_account(self, platform: str, account: str) -> bool:
        """The account is by itself again; False where it was not linked."""
        return (await self._find(_UNLINK, platform=platform, account=account)).rowcount == 1

    async def add_link_code(self, digest: str, platform: str, account: str, *, valid: timedelta) -> None:
        """Keep a code of an account, which has one at a time; codes that are too old go."""
        await self._find(_FORGET_CODES, platform=platform, account=account)
        await self._find(_FORGET_OLD_CODES, before=self.now - valid)
        await self._add(_ADD_CODE, digest=digest, platform=platform, account=account, made_at=self.now)

    async def take_link_code(self, digest: str, *, valid: timedelta) -> tuple[str, str] | None:
        """The (platform, account) that a code was made for, which is used up now; None where there is none, or it is too old."""
        row = await self._one(_CODE, digest=digest)
        await self._find(_FORGET_CODE, digest=digest)
        return (row["platform"], row["account"]) if row and row["made_at"] > self.now - valid else None

    async def count_link_try(self, platform: str, account: str, *, since: datetime) -> int:
        """Note a try, forget those before a moment, and say how many an account has made since, this one too."""
        await self._find(_FORGET_TRIES, since=since)
        await self._add(_ADD_TRY, platform=platform, account=account, tried_at=self.now)
        return int((await self._find(_TRIES, platform=platform, account=account, since=since)).scalar_one())

    async def add_report(
        self,
        *,
        platform: str,
        room: str,
        message: str,
        author: str,
        reporter: str,
        text: str,
        case: int | None = None,
        kind: ReportKind = ReportKind.WRONG,
    ) -> int:
        """Record a report about a message of `author`, or about them; gives its id."""
        added = await self._add(
            _ADD_REPORT,
            platform=platform,
            room=room,
            message=message,
            author=author,
            reporter=reporter,
            text=text,
            case=case,
            reported_at=self.now,
            state=(ReportState.OPEN if case is None else ReportState.IN_CASE).value,
            kind=kind.value,
            told_at=self.now if case is None else None,
        )
        return _new_id(added)

    async def report(self, number: int) -> Report | None:
        """A report by its id."""
        row = await self._one(_REPORT, id=number)
        return report(row) if row else None

    async def reports(self, state: ReportState = ReportState.OPEN, limit: int = OPEN_MAX) -> tuple[Report, ...]:
        """Reports in a state, newest first."""
        return tuple(report(row) for row in await self._all(_REPORTS, state=state.value, limit=limit))

    async def reports_waiting(self, limit: int = OPEN_MAX) -> tuple[Report, ...]:
        """Reports that are open, and requests to be forgotten of which something is left, newest first."""
        return tuple(report(row) for row in await self._all(_REPORTS_WAITING, limit=limit))

    async def open_reports_of(self, own: Collection[tuple[str, str]], kind: ReportKind = ReportKind.WRONG) -> tuple[Report, ...]:
        """The open reports of a kind that these accounts made, newest first."""
        sought = {"state": ReportState.OPEN.value, "kind": kind.value}
        rows = [row for platform, account in own for row in await self._all(_REPORTS_OF, platform=platform, reporter=account, **sought)]
        return tuple(sorted(map(report, rows), key=lambda one: -one.id))

    async def add_to_report(self, number: int, text: str, *, told: bool) -> None:
        """Give a report this text in the place of its own; `told`: the moderators' channel hears of it."""
        await self._change(_SET_REPORT, {"text": text, **({"told_at": self.now} if told else {})}, id=number)

    async def report_answered_by(self, letter: str) -> Report | None:
        """The report that a letter answers, by the letter's key; None where it answers none."""
        row = await self._one(_ANSWERED_BY, letter=letter) if letter else None
        return report(row) if row else None

    async def update_report(self, number: int, state: ReportState, *, case: int | None = None, answer: str = "", letter: str = "") -> None:
        """Put a report into a case, or answer it. Raises core.cases.NotAllowedError, or KeyError where it is not there."""
        row = await self._one(_REPORT, id=number)
        if row is None:
            raise KeyError(number)
        move(REPORT, ReportState(row["state"]), state)
        to = {"state": state.value, "case": row["case"] if case is None else case, "answer": answer or row["answer"]}
        to |= {"letter": letter} if letter else {}
        await self._change(_SET_REPORT, to, id=number)

    async def carry_out_request(self, number: int, *, whole: bool, answer: str = "", letter: str = "") -> None:
        """A request to be forgotten was carried out, wholly or as far as could be: only then it is answered and closed.

        `answer` and `letter`: what its member is told, where they are told anything. Raises KeyError where it is not there.
        """
        row = await self._one(_REPORT, id=number)
        if row is None:
            raise KeyError(number)
        state, told = ReportState(row["state"]), {"answer": answer, "letter": letter}
        to = {name: value for name, value in told.items() if value}
        if whole and state is not ReportState.ANSWERED:
            to["state"] = move(REPORT, state, ReportState.ANSWERED).value
        to["kind"] = (ReportKind.FORGET_DONE if whole else ReportKind.FORGET_REST).value
        await self._change(_SET_REPORT, to, id=number)

    async def add_review(self, case: int, step: int, *, moderator: str, decision: Decision, severity: Severity, reason: str) -> None:
        """Record what a moderator decided."""
        await self._add(
            _ADD_REVIEW,
            case=case,
            step=step,
            moderator=moderator,
            decision=decision.value,
            severity=int(severity),
            reason=reason,
            decided_at=self.now,
        )

    async def add_appeal(self, case: int, *, platform: str, account: str, text: str, answer_by: datetime | None = None) -> int:
        """Record that a member asks again, and by when they must have an answer; gives the appeal's id."""
        added = await self._add(
            _ADD_APPEAL,
            case=case,
            platform=platform,
            account=account,
            text=text,
            answer_by=answer_by,
            state=AppealState.OPEN.value,
            appealed_at=self.now,
        )
        return _new_id(added)

    async def add_to_appeal(self, number: int, text: str) -> None:
        """Give an appeal this text in the place of its own."""
        await self._change(_SET_APPEAL, {"text": text}, id=number)

    async def appeal(self, number: int) -> Appeal | None:
        """An appeal by its id."""
        row = await self._one(_APPEAL, id=number)
        return appeal(row) if row else None

    async def appeals(self, state: AppealState = AppealState.OPEN, limit: int = OPEN_MAX) -> tuple[Appeal, ...]:
        """Appeals in a state, oldest first."""
        return tuple(appeal(row) for row in await self._all(_APPEALS, state=state.value, limit=limit))

    async def appeals_of_case(self, case: int) -> tuple[Appeal, ...]:
        """A case's appeals, oldest first."""
        return tuple(appeal(row) for row in await self._all(OF_CASE_APPEALS, case=case))

    async def reporters_of_case(self, case: int) -> tuple[str, ...]:
        """Who reported it: for recusal alone, never shown."""
        return tuple(row["reporter"] for row in await self._all(OF_CASE_REPORTS, case=case))

    async def update_appeal(self, number: int, state: AppealState, *, by: str = "", reason: str = "") -> None:
        """Decide, suspend or lapse an appeal. Raises core.cases.NotAllowedError, or KeyError where it is not there."""
        row = await self._one(_APPEAL, id=number)
        if row is None:
            raise KeyError(number)
        move(APPEAL, AppealState(row["state"]), state)
        decided = state in (AppealState.ACCEPTED, AppealState.REJECTED)
        to = {"state": state.value, "decided_by": by, "reason": reason, "decided_at": self.now if decided else None}
        await self._change(_SET_APPEAL, to, id=number)

    async def ask_no_contact(self, platform: str, *, requester: str, other: str, until: datetime, letter: str = "") -> None:
        """Record that `requester` wants no contact from `other`, from now until then, in the place of what was asked before.

        `letter` is the key of the notice that tells the other: the request binds once that is delivered. "": evidence only.
        """
        await self._add(
            _ASK_NO_CONTACT,
            platform=platform,
            target=requester,
            author=other,
            requested_at=self.now,
            told_at=None,
            until=until,
            ended_at=None,
            letter=letter,
        )

    async def no_contact_between(self, platform: str, pairs: Collection[tuple[str, str]]) -> tuple[NoContact, ...]:
        """The requests in force about the first of each pair that the second one made, the oldest first."""
        rows = await self._all(_NO_CONTACT, pairs=as_list((platform, target, author) for author, target in pairs), now=self.now)
        found = (_no_contact(row) for row in rows if row["author"] is not None)
        return tuple(sorted(found, key=lambda one: (one.requested_at, one.requester, one.other)))

    async def no_contacts_of(self, platform: str, requester: str) -> tuple[NoContact, ...]:
        """The requests in force that somebody made, the oldest first."""
        return tuple(_no_contact(row) for row in await self._all(_NO_CONTACTS_OF, platform=platform, target=requester, now=self.now))

    async def renew_no_contact(self, platform: str, *, requester: str, other: str, until: datetime) -> bool:
        """Let a request hold until then; False where none is in force."""
        sought = {"platform": platform, "target": requester, "author": other, "now": self.now}
        return await self._change(_SET_NO_CONTACT, {"until": until}, **sought) == 1

    async def end_no_contact(self, platform: str, *, requester: str, other: str) -> bool:
        """End a request; False where none is in force."""
        sought = {"platform": platform, "target": requester, "author": other, "now": self.now}
        return await self._change(_SET_NO_CONTACT, {"ended_at": self.now}, **sought) == 1

    async def no_contact_ended(self, platform: str, *, requester: str, other: str) -> datetime | None:
        """When the latest such request was ended; None where it was not, or there is none."""
        row = await self._one(_ANY_NO_CONTACT, platform=platform, target=requester, author=other)
        ended: datetime | None = row["ended_at"] if row else None
        return ended

    async def no_contact_told(self, letter: str) -> bool:
        """The notice with this key was delivered: the request it tells of binds from now on; False where there is none."""
        return await self._change(_TOLD_NO_CONTACT, {"told_at": self.now}, letter=letter) == 1

    async def give_name(self, platform: str, account: str, *, name: str, written: str) -> bool:
        """Record that others call an account so; False where the name is somebody's already."""
        added = await self._add(_GIVE_NAME, platform=platform, account=account, name=name, written=written, given_at=self.now)
        return added.rowcount == 1

    async def given_names(self) -> dict[str, tuple[str, str]]:
        """Every name that a member has given, folded, and whose it is: (platform, account)."""
        return {row["name"]: (row["platform"], row["account"]) for row in await self._all(_GIVEN_NAMES)}

    async def written_names_of(self, own: Collection[tuple[str, str]]) -> tuple[str, ...]:
        """The names that these accounts have given, as they typed them."""
        rows = [row for platform, account in own for row in await self._all(_NAMES_OF, platform=platform, account=account)]
        return tuple(row["written"] for row in rows)

    async def take_back_name(self, own: Collection[tuple[str, str]], name: str) -> bool:
        """Delete a name of these accounts; False where they have not given it."""
        deleted = [await self._find(_TAKE_BACK_NAME, platform=platform, account=account, name=name) for platform, account in own]
        return any(one.rowcount for one in deleted)

    async def forget_names(self, platform: str, account: str) -> int:
        """Delete all names that an account has given; gives how many."""
        return (await self._find(_FORGET_NAMES, platform=platform, account=account)).rowcount


def _new_id(added: CursorResult[Any]) -> int:
    key = added.inserted_primary_key
    assert key is not None, "an inserted row has a key"
    return int(key[0])


def _no_contact(row: Row) -> NoContact:
    """A row as the core sees it."""
    times = {name: row[name] for name in ("requested_at", "told_at", "until")}
    return NoContact(requester=row["target"], other=row["author"], **times)


def report(row: Row) -> Report:
    """A row as a record."""
    shown = {name: value for name, value in row.items() if name not in ("community", "state", "kind")}
    return Report(**shown, state=ReportState(row["state"]), kind=ReportKind(row["kind"]))


def review(row: Row) -> Review:
    """A row as a record."""
    shown = {name: row[name] for name in ("case", "step", "moderator", "reason", "decided_at")}
    return Review(**shown, decision=Decision(row["decision"]), severity=Severity(row["severity"]))


def appeal(row: Row) -> Appeal:
    """A row as a record."""
    shown = {name: value for name, value in row.items() if name not in ("community", "state")}
    return Appeal(**shown, state=AppealState(row["state"]))
