"""Cases: their messages, findings, strikes and sanctions.

Knows: what a case is made of. Must not know: how it is decided, said or performed.
Rules: a message is in one case at most; a strike grows while it is provisional and is what a person said afterwards; what a
notice noted in its case is not overwritten by a view that was read before.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.core.model import (
    ActionKind,
    CaseState,
    CaseView,
    Concern,
    Context,
    Evidence,
    Finding,
    Message,
    Scored,
    Segment,
    Severity,
    Status,
    Strike,
    StrikeState,
)
from bot.store.audit import AuditPart
from bot.store.part import Row, as_list, each_given, given, where
from bot.store.records import CaseFinding, CaseMessage, Earlier, EarlierState, Hashes, Sanction, SanctionState
from bot.store.tables import accounts, case_messages, cases, earlier, findings, sanctions, strikes
from bot.store.values import decode, decode_all, encode

COUNTER = "case"
CASES_MAX = 100
"""Cases that a list gives when the caller does not say how many."""

_PLAIN = (
    *("number", "author", "room", "thread", "platform", "server", "opened_at", "last_at", "steps", "answered"),
    *("notice_first_at", "notice_tried_at", "muted_until", "decided_by"),
)
CASE = select(cases).where(where(cases, "number"))
_BY_AUTHOR = select(cases).where(where(cases, "platform", "author"), cases.c.state == "open")
_LATEST = (cases.c.last_at.desc(), cases.c.number.desc())
_EPISODE = (
    _BY_AUTHOR.where(where(cases, "room", "thread"), cases.c.last_at >= given("since"), cases.c.collects.is_(False))
    .order_by(*_LATEST)
    .limit(1)
)
_COLLECTING = _BY_AUTHOR.where(cases.c.collects.is_(True)).order_by(*_LATEST).limit(1)
_IN_STATE = select(cases).where(where(cases, "state")).order_by(cases.c.opened_at, cases.c.number).limit(given("limit"))
_IN_STATE_BEFORE = _IN_STATE.where(cases.c.opened_at < given("before"))
_GRAVEST_IN_STATE = (
    select(cases).where(where(cases, "state")).order_by(cases.c.severity.desc(), cases.c.number.desc()).limit(given("limit"))
)
_OF_AUTHOR = (
    select(cases).where(where(cases, "platform", "author")).order_by(cases.c.opened_at.desc(), cases.c.number.desc()).limit(given("limit"))
)
_ADD_CASE = insert(cases)
_CHANGE_CASE = (
    update(cases)
    .where(where(cases, "number"))
    .values(
        notice_first_at=func.coalesce(cases.c.notice_first_at, bindparam("first_at", type_=cases.c.opened_at.type)),
        notice_tried_at=func.coalesce(cases.c.notice_tried_at, bindparam("tried_at", type_=cases.c.opened_at.type)),
    )
)
_ADD_MESSAGE = insert(case_messages).on_conflict_do_nothing()
_IDENTITY = ("platform", "room", "message", "version")
_KNOWN = select(*(case_messages.c[name] for name in _IDENTITY)).select_from(each_given("identities", case_messages, _IDENTITY))
_CASE_OF_MESSAGE = (
    select(case_messages.c.case).where(where(case_messages, "platform", "room", "message")).order_by(case_messages.c.id.desc()).limit(1)
)
OF_CASE_MESSAGES = select(case_messages).where(where(case_messages, "case")).order_by(case_messages.c.step, case_messages.c.id)
_ADD_FINDING = insert(findings)
OF_CASE_FINDINGS = select(findings).where(where(findings, "case")).order_by(findings.c.step, findings.c.id)
_ADD_EARLIER = insert(earlier).on_conflict_do_nothing()
OF_CASE_EARLIER = select(earlier).where(where(earlier, "case")).order_by(earlier.c.sent_at, earlier.c.message)
_EARLIER_NEWEST_FIRST = (earlier.c.case.desc(), earlier.c.sent_at)
_EARLIER_WAITING = select(earlier).where(where(earlier, "state")).order_by(*_EARLIER_NEWEST_FIRST).limit(given("limit"))
_SET_EARLIER = update(earlier).where(where(earlier, "case", "platform", "room", "message", "state"))

_STRIKE_IN = insert(strikes)
_GROWS = and_(_STRIKE_IN.excluded.state == "provisional", strikes.c.state == "provisional")
_DECIDED = and_(_STRIKE_IN.excluded.state == "provisional", strikes.c.state != "provisional")
_PUT_STRIKE = _STRIKE_IN.on_conflict_do_update(
    index_elements=[strikes.c.community, strikes.c.case],
    set_={
        "severity": case(
            (_GROWS, func.max(strikes.c.severity, _STRIKE_IN.excluded.severity)),
            (_DECIDED, strikes.c.severity),
            else_=_STRIKE_IN.excluded.severity,
        ),
        "state": case((_DECIDED, strikes.c.state), else_=_STRIKE_IN.excluded.state),
    },
)
"""A provisional strike is raised to the gravest; a person's word replaces it; the program never replaces a person's."""
OF_CASE_STRIKE = select(strikes).where(where(strikes, "case"))
_SELF = accounts.alias("self")
_OTHERS = accounts.alias("others")
_LINKED = (
    select(_OTHERS.c.account)
    .select_from(_SELF.join(_OTHERS, and_(_SELF.c.community == _OTHERS.c.community, _SELF.c.member == _OTHERS.c.member)))
    .where(
        _SELF.c.community == given("community"),
        _SELF.c.platform == given("platform"),
        _SELF.c.account == given("author"),
        _OTHERS.c.platform == strikes.c.platform,
        _OTHERS.c.account == strikes.c.author,
    )
    .correlate(strikes)
    .exists()
)
_STRIKES = (
    select(strikes)
    .where(
        strikes.c.community == given("community"),
        or_(and_(strikes.c.platform == given("platform"), strikes.c.author == given("author")), _LINKED),
        strikes.c.given_at >= given("since"),
    )
    .order_by(strikes.c.given_at, strikes.c.case)
)

_SANCTION_IN = insert(sanctions)
_PUT_SANCTION = _SANCTION_IN.on_conflict_do_update(
    index_elements=[sanctions.c.community, sanctions.c.case, sanctions.c.kind],
    set_={"until": _SANCTION_IN.excluded.until, "state": _SANCTION_IN.excluded.state},
)
_BY_END = (sanctions.c.until, sanctions.c.case)
_LIVE = (
    select(sanctions)
    .where(where(sanctions, "platform", "author"), sanctions.c.state == "live", sanctions.c.until > given("now"))
    .order_by(*_BY_END)
)
_ENDED = (
    select(sanctions)
    .where(where(sanctions), sanctions.c.state == "live", sanctions.c.until <= given("now"))
    .order_by(*_BY_END)
    .limit(given("limit"))
)
_SET_SANCTION = update(sanctions).where(where(sanctions, "case", "kind"), sanctions.c.state == "live")
OF_CASE_SANCTIONS = select(sanctions).where(where(sanctions, "case")).order_by(sanctions.c.kind)


class CasesPart(AuditPart):
    """Cases, their messages and findings, strikes, sanctions."""

    async def next_case_number(self) -> int:
        """A number that no case has had: 1, 2, 3 … It is taken when the transaction commits."""
        return await self._bump(COUNTER)

    async def case(self, number: int) -> CaseView | None:
        """A case by its number."""
        row = await self._one(CASE, number=number)
        return view(row) if row else None

    async def open_episode(self, platform: str, author: str, room: str, thread: str, since: datetime) -> CaseView | None:
        """The author's open case in this thread whose last breach is not before `since`; a collecting case is none."""
        row = await self._one(_EPISODE, platform=platform, author=author, room=room, thread=thread, since=since)
        return view(row) if row else None

    async def collecting_case(self, platform: str, author: str) -> CaseView | None:
        """The author's open case that collects what is past a limit."""
        row = await self._one(_COLLECTING, platform=platform, author=author)
        return view(row) if row else None

    async def cases(self, state: CaseState, limit: int = CASES_MAX, *, opened_before: datetime | None = None) -> tuple[CaseView, ...]:
        """Cases in a state, oldest first."""
        if opened_before:
            rows = await self._all(_IN_STATE_BEFORE, state=state.value, limit=limit, before=opened_before)
        else:
            rows = await self._all(_IN_STATE, state=state.value, limit=limit)
        return tuple(view(row) for row in rows)

    async def gravest_cases(self, state: CaseState, limit: int = CASES_MAX) -> tuple[CaseView, ...]:
        """Cases in a state, the gravest first, of those the newest first."""
        return tuple(view(row) for row in await self._all(_GRAVEST_IN_STATE, state=state.value, limit=limit))

    async def cases_of(self, platform: str, author: str, limit: int = CASES_MAX) -> tuple[CaseView, ...]:
        """An author's cases, newest first."""
        return tuple(view(row) for row in await self._all(_OF_AUTHOR, platform=platform, author=author, limit=limit))

    async def add_case(
        self, opened: CaseView, *, mode: Status, hashes: Hashes, late: timedelta | None = None, collects: bool = False
    ) -> None:
        """Record a new case. A number that is taken raises sqlalchemy.exc.IntegrityError."""
        await self._add(
            _ADD_CASE,
            **_columns(opened),
            notice_first_at=opened.notice_first_at,
            notice_tried_at=opened.notice_tried_at,
            collects=collects,
            mode=str(mode),
            late_seconds=late.total_seconds() if late is not None else None,
            policy_hash=hashes.policy,
            model_hash=hashes.model,
            code_hash=hashes.code,
        )

    async def update_case(self, changed: CaseView, *, decision: str = "", reason: str = "") -> None:
        """Record a case as it is now. `decision` where a person decided: noted with the time and the reason.

        When its notice was first committed and tried is kept if it is known already.
        """
        to = _columns(changed)
        del to["number"]
        if decision:
            to |= {"decision": decision, "decided_at": self.now, "reason": reason}
        to |= {"first_at": changed.notice_first_at, "tried_at": changed.notice_tried_at}
        count = await self._change(_CHANGE_CASE, to, number=changed.number)
        assert count == 1, "only a recorded case is updated"

    async def known_identities(self, identities: Collection[tuple[str, str, str, str, str]]) -> set[tuple[str, str, str, str, str]]:
        """Those of these message identities that are in a case already."""
        assert all(identity[0] == self.community for identity in identities), "messages belong to the transaction's community"
        rows = await self._all(_KNOWN, identities=as_list(identity[1:] for identity in identities))
        return {(self.community, *(row[name] for name in _IDENTITY)) for row in rows if row["message"] is not None}

    async def case_of_message(self, platform: str, room: str, message: str) -> int | None:
        """The number of the latest case that holds a message, in any of its versions."""
        row = await self._one(_CASE_OF_MESSAGE, platform=platform, room=room, message=message)
        return int(row["case"]) if row else None

    async def add_case_message(
        self,
        number: int,
        step: int,
        message: Message,
        *,
        context: Context,
        segments: Iterable[Segment] = (),
        scores: Iterable[Scored] = (),
        note: str = "",
    ) -> bool:
        """Record a message with all its verdict depended on; False if that message (same identity) is in a case already."""
        assert message.community == self.community, "a message belongs to the transaction's community"
        added = await self._add(
            _ADD_MESSAGE,
            case=number,
            step=step,
            platform=message.platform,
            room=message.room,
            message=message.id,
            version=message.version,
            author=message.author,
            sent_at=message.sent_at,
            text=message.text,
            whole=encode(message),
            segments=encode(tuple(segments)),
            scores=encode(tuple(scores)),
            context=encode(context),
            note=note,
        )
        return added.rowcount == 1

    async def add_findings(self, number: int, step: int, found: Iterable[Finding]) -> None:
        """Record findings of a step."""
        await self._add_many(_ADD_FINDING, [{"case": number, "step": step, **_finding_columns(finding)} for finding in found])

    async def add_earlier(self, rows: Iterable[Earlier]) -> None:
        """Note older messages that a finding rests on; what is noted of the case already stays."""
        names = ("case", "step", "platform", "room", "message", "author", "sent_at")
        await self._add_many(_ADD_EARLIER, [{**{name: getattr(row, name) for name in names}, "state": row.state.value} for row in rows])

    async def earlier_waiting(self, limit: int = CASES_MAX) -> tuple[Earlier, ...]:
        """Those whose words are still to be read from their platform, the newest case first: what cannot be read holds up nothing."""
        return tuple(earlier_row(row) for row in await self._all(_EARLIER_WAITING, state=EarlierState.WAITING.value, limit=limit))

    async def earlier_read(self, row: Earlier, text: str | None) -> bool:
        """Its words, or None where the message is gone; False, and nothing changes, where nobody waits for them any more."""
        to = {"text": text or "", "state": (EarlierState.GONE if text is None else EarlierState.READ).value}
        sought = {name: getattr(row, name) for name in ("case", "platform", "room", "message")}
        return await self._change(_SET_EARLIER, to, **sought, state=EarlierState.WAITING.value) == 1

    async def strikes_of(self, platform: str, author: str, *, since: datetime) -> tuple[Strike, ...]:
        """The strikes of an account and of all accounts linked to it, oldest first."""
        rows = await self._all(_STRIKES, platform=platform, author=author, since=since)
        return tuple(strike(row) for row in rows)

    async def put_strike(self, given_now: Strike, *, platform: str, author: str) -> None:
        """Record the strike of a case, one per case.

        While provisional it is raised to the gravest severity; any other state replaces severity and state; a provisional one
        never replaces what was decided. `given_at` stays that of the first.
        """
        await self._add(
            _PUT_STRIKE,
            case=given_now.case,
            platform=platform,
            author=author,
            severity=int(given_now.severity),
            given_at=given_now.given_at,
            state=given_now.state.value,
        )

    async def put_sanction(self, sanctioned: CaseView, kind: ActionKind, until: datetime) -> None:
        """Record that a sanction is in force until then; one of a kind per case."""
        await self._add(
            _PUT_SANCTION,
            case=sanctioned.number,
            kind=kind.value,
            platform=sanctioned.platform,
            server=sanctioned.server,
            author=sanctioned.author,
            until=until,
            state=SanctionState.LIVE.value,
        )

    async def live_sanctions(self, platform: str, author: str) -> tuple[Sanction, ...]:
        """What is in force against an account now, the first to end first."""
        return tuple(sanction(row) for row in await self._all(_LIVE, platform=platform, author=author, now=self.now))

    async def muted_until(self, platform: str, author: str) -> datetime | None:
        """The end of the longest mute in force."""
        ends = [live.until for live in await self.live_sanctions(platform, author) if live.kind == ActionKind.MUTE]
        return max(ends, default=None)

    async def ended_sanctions(self, limit: int = CASES_MAX) -> tuple[Sanction, ...]:
        """Those whose time is over and that are still recorded as live."""
        return tuple(sanction(row) for row in await self._all(_ENDED, now=self.now, limit=limit))

    async def end_sanction(self, number: int, kind: ActionKind, state: SanctionState) -> bool:
        """Record that a live sanction ended by itself or was lifted; False if it is not live."""
        return await self._change(_SET_SANCTION, {"state": state.value}, case=number, kind=kind.value) == 1


def _columns(recorded: CaseView) -> dict[str, Any]:
    """What a view writes, without what notices note."""
    plain = {name: getattr(recorded, name) for name in _PLAIN if not name.startswith("notice_")}
    state, severity = recorded.state.value, int(recorded.severity)
    return {**plain, "state": state, "severity": severity, "hidden": list(recorded.hidden), "names": list(recorded.names)}


def view(row: Row) -> CaseView:
    """A row as the core sees it."""
    return CaseView(
        **{name: row[name] for name in _PLAIN},
        state=CaseState(row["state"]),
        severity=Severity(row["severity"]),
        hidden=tuple(row["hidden"]),
        names=tuple(row["names"]),
    )


def case_message(row: Row) -> CaseMessage:
    """A row as a record."""
    return CaseMessage(
        step=row["step"],
        message=decode(Message, row["whole"]),
        segments=decode_all(Segment, row["segments"]),
        scores=decode_all(Scored, row["scores"]),
        context=decode(Context, row["context"]),
        note=row["note"],
    )


def _finding_columns(finding: Finding) -> dict[str, Any]:
    lists = {name: list(getattr(finding, name)) for name in ("clauses", "names", "messages", "characteristics")}
    ranks = {"severity": int(finding.severity), "status": int(finding.status)}
    return {"rule": finding.rule, "concern": finding.concern.value, "evidence": encode(finding.evidence), **ranks, **lists}


def case_finding(row: Row) -> CaseFinding:
    """A row as a record."""
    finding = Finding(
        rule=row["rule"],
        severity=Severity(row["severity"]),
        status=Status(row["status"]),
        concern=Concern(row["concern"]),
        evidence=decode_all(Evidence, row["evidence"]),
        **{name: tuple(row[name]) for name in ("clauses", "names", "messages", "characteristics")},
    )
    return CaseFinding(step=row["step"], finding=finding)


def earlier_row(row: Row) -> Earlier:
    """A row as a record."""
    shown = {name: value for name, value in row.items() if name not in ("community", "state")}
    return Earlier(**shown, state=EarlierState(row["state"]))


def strike(row: Row) -> Strike:
    """A row as the core sees it."""
    return Strike(case=row["case"], severity=Severity(row["severity"]), given_at=row["given_at"], state=StrikeState(row["state"]))


def sanction(row: Row) -> Sanction:
    """A row as a record."""
    shown = {name: value for name, value in row.items() if name not in ("community", "state")}
    return Sanction(**shown, state=SanctionState(row["state"]))
