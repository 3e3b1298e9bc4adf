"""Cases on record: one thread and one gap make an episode, strikes grow, and all of a case reads back as it was written."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.core.cases import Decision
from bot.core.model import (
    ActionKind,
    CaseState,
    CaseView,
    Concern,
    Context,
    Evidence,
    Finding,
    Kind,
    Recent,
    Role,
    Scored,
    Segment,
    Severity,
    Shared,
    Status,
    Strike,
    StrikeState,
    Words,
)
from bot.store.records import NoticeState, SanctionState
from bot.store.store import Store
from tests.shell.record import HASHES, NOW, action, contact, message, open_case


async def test_episode_is_the_open_case_of_that_thread_within_the_gap(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        await open_case(tx, last_at=NOW - timedelta(hours=2))
        case = await open_case(tx)
        await open_case(tx, thread="t", last_at=NOW + timedelta(minutes=1))
        gap = NOW - timedelta(hours=1)
        assert await tx.open_episode("console", "alex", "r", "", gap) == case
        assert await tx.open_episode("console", "alex", "r", "", NOW + timedelta(seconds=1)) is None
        assert await tx.open_episode("console", "sam", "r", "", gap) is None
        await tx.update_case(replace(case, state=CaseState.UPHELD, decided_by="mod"), decision="uphold", reason="clear")
        assert await tx.open_episode("console", "alex", "r", "", gap) is None


async def test_collecting_case_is_no_episode(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = CaseView(number=1, author="alex", room="r", thread="", platform="console", opened_at=NOW, last_at=NOW)
        await tx.add_case(case, mode=Status.ENFORCE, hashes=HASHES, collects=True)
        assert await tx.open_episode("console", "alex", "r", "", NOW) is None
        assert await tx.collecting_case("console", "alex") == case
        assert await tx.cases(CaseState.OPEN) == (case,)
        assert await tx.cases(CaseState.OPEN, opened_before=NOW) == ()
        assert await tx.cases_of("console", "alex") == (case,)


async def test_message_is_in_one_case_at_most(store: Store) -> None:
    first, edited = message(1), message(1, text="another text")
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        assert await tx.add_case_message(case.number, 1, first, context=Context())
        assert not await tx.add_case_message(case.number, 2, first, context=Context())
        assert await tx.add_case_message(case.number, 2, edited, context=Context())
        identities = [first.identity, edited.identity, message(2).identity]
        assert await tx.known_identities(identities) == {first.identity, edited.identity}
        assert await tx.known_identities([]) == set()


@pytest.mark.parametrize(
    ("before", "then", "after"),
    [
        ((2, "provisional"), (3, "provisional"), (3, "provisional")),
        ((3, "provisional"), (2, "provisional"), (3, "provisional")),
        ((3, "provisional"), (2, "upheld"), (2, "upheld")),
        ((2, "upheld"), (4, "provisional"), (2, "upheld")),
        ((2, "upheld"), (2, "removed"), (2, "removed")),
    ],
)
async def test_strike_grows_until_a_person_decides(
    store: Store, before: tuple[int, str], then: tuple[int, str], after: tuple[int, str]
) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        for hours, (severity, state) in enumerate((before, then)):
            given_at = NOW + timedelta(hours=hours)
            strike = Strike(case=case.number, severity=Severity(severity), given_at=given_at, state=StrikeState(state))
            await tx.put_strike(strike, platform="console", author="alex")
        expected = Strike(case=case.number, severity=Severity(after[0]), given_at=NOW, state=StrikeState(after[1]))
        assert await tx.strikes_of("console", "alex", since=NOW) == (expected,)
        assert await tx.strikes_of("console", "alex", since=NOW + timedelta(seconds=1)) == ()


async def test_strikes_follow_the_member_across_linked_accounts(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        await tx.put_strike(Strike(case=case.number, severity=Severity.MEDIUM, given_at=NOW), platform="console", author="alex")
        assert await tx.strikes_of("slack", "U1", since=NOW) == ()
        await tx.link_account("member-7", "console", "alex")
        await tx.link_account("member-7", "slack", "U1")
        assert len(await tx.strikes_of("slack", "U1", since=NOW)) == 1
        assert len(await tx.strikes_of("console", "alex", since=NOW)) == 1
        assert await tx.accounts_of("slack", "U1") == (("console", "alex"), ("slack", "U1"))
        assert await tx.accounts_of("slack", "U2") == (("slack", "U2"),)


async def test_sanction_is_live_until_its_end_or_lifted(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
        await tx.put_sanction(case, ActionKind.MUTE, NOW + timedelta(minutes=10))
        await tx.put_sanction(case, ActionKind.MUTE, NOW + timedelta(hours=1))
        assert await tx.muted_until("console", "alex") == NOW + timedelta(hours=1)
        assert await tx.ended_sanctions() == ()
    async with store.transaction("north", NOW + timedelta(hours=1)) as tx:
        assert await tx.muted_until("console", "alex") is None
        assert len(await tx.ended_sanctions()) == 1
        assert await tx.end_sanction(case.number, ActionKind.MUTE, SanctionState.ENDED)
        assert not await tx.end_sanction(case.number, ActionKind.MUTE, SanctionState.LIFTED)
        assert await tx.ended_sanctions() == ()


async def test_detail_of_a_case_reads_back_as_it_was_written(store: Store) -> None:
    said = message(
        1, text="half a pair \ud83d, NUL \x00, 🌹", mentions=("sam",), shares=(Shared(link="https://example.org"),), kind=Kind.SHARED
    )
    segments = (Segment(role=Role.SAID, text=said.text, start=0), Segment(role=Role.QUOTED, text="q", start=3))
    scores = (Scored(values={"insult": 0.1 + 0.2}), Scored(missing="too_long"))
    evidence = Evidence(signal="score", role=Role.QUOTED, words=(Words(text="w", start=1, end=2, masked=True),), value=0.3)
    finding = Finding(
        rule="x",
        clauses=("6", "7"),
        severity=Severity.GRAVE,
        status=Status.REVIEW,
        concern=Concern.THREAT,
        evidence=(evidence, Evidence(signal="aimed_at")),
        names=("sam",),
        messages=("0",),
        characteristics=("age",),
    )
    recent = Recent(id="0", author="sam", text="before", sent_at=NOW)
    context = Context(
        scores=scores, recent=(recent,), contacts=(contact("a", "b", 1),), people={"sam": "s"}, office_holders=frozenset("ab")
    )
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx, names=("sam",), hidden=("1",), severity=Severity.GRAVE, muted_until=NOW)
        await tx.add_case_message(case.number, 1, said, context=context, segments=segments, scores=scores, note="n")
        await tx.add_findings(case.number, 1, [finding])
        await tx.add_findings(case.number, 1, [])
        await tx.put_strike(Strike(case=case.number, severity=Severity.GRAVE, given_at=NOW), platform="console", author="alex")
        await tx.put_sanction(case, ActionKind.MUTE, NOW)
        await tx.add_actions([action(case.number, ActionKind.MUTE, until=NOW, text="t")])
        await tx.add_notice(case.number, 1, platform="console", account="alex", text="notice")
        await tx.add_review(case.number, 2, moderator="mod", decision=Decision.CHANGE, severity=Severity.MINOR, reason="why")
        await tx.add_appeal(case.number, platform="console", account="alex", text="please")
        await tx.add_report(platform="console", room="r", message="1", author="alex", reporter="sam", text="see", case=case.number)
        detail = await tx.case_detail(case.number)
        assert await tx.case_detail(99) is None
    assert detail is not None
    assert detail.case == replace(case, notice_first_at=NOW)
    assert (detail.mode, detail.hashes, detail.late, detail.collects) == ("enforce", HASHES, None, False)
    kept = detail.messages[0]
    assert (kept.message, kept.segments, kept.scores, kept.context, kept.note) == (said, segments, scores, context, "n")
    assert kept.message.identity == said.identity
    assert detail.findings[0].finding == finding
    assert detail.strike is not None
    assert detail.strike.severity is Severity.GRAVE
    assert detail.actions[0].action == action(case.number, ActionKind.MUTE, until=NOW, text="t")
    assert (detail.notices[0].text, detail.notices[0].state) == ("notice", NoticeState.WAITING)
    assert (detail.reviews[0].decision, detail.appeals[0].text, detail.reports[0].reporter) == (Decision.CHANGE, "please", "sam")
    assert [entry.kind for entry in detail.history] == ["committed"]


async def test_case_of_a_number_that_is_taken_is_refused(store: Store) -> None:
    async with store.transaction("north", NOW) as tx:
        case = await open_case(tx)
    with pytest.raises(IntegrityError):
        async with store.transaction("north", NOW) as tx:
            await tx.add_case(case, mode=Status.SHADOW, hashes=HASHES, late=timedelta(minutes=7))
