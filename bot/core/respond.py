"""From a verdict, or a person's decision, to what is done about it.

Knows: statuses, severities, the ladder, strikes, limits, episodes, what a platform can do. Must not know: how anything is
measured, stored, said or performed.
Rules: rules never act, this decides once for all of them; the weaker of the rule's status and the community's mode counts;
what was found late gets a card and no penalty; what a person decided is not touched; the bot never kicks or bans.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.cases import AFTER, CASE, Decision, move
from bot.core.model import (
    HOUR,
    MINUTE,
    Action,
    ActionKind,
    CaseState,
    CaseView,
    Concern,
    Finding,
    Message,
    Severity,
    Status,
    Strike,
    StrikeState,
    Verdict,
)
from bot.core.policy import Policy

ONE_STEP_MAX = 10 * MINUTE
"""Breaches sent before the first notice of an episode was tried are one step, for this long at most."""
MUTE_PROVISIONAL_MAX = HOUR
MUTE_UNDECIDED_MAX = 24 * HOUR
"""Longest mute on provisional strikes alone; and with an upheld strike or a concern of DAY_CONCERNS. More needs people."""
DAY_CONCERNS = frozenset({Concern.THREAT, Concern.SLUR, Concern.PRIVATE_INFORMATION})
ANSWERS = (None, ActionKind.NUDGE, ActionKind.WARN, ActionKind.MUTE)
"""Answers to a member, mildest first."""
CALLS = (None, ActionKind.ESCALATE, ActionKind.URGENT)
"""Calls to the moderators, mildest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """All that decides an answer besides the verdict; read in the transaction that records it.

    `episode`: the author's open case in this thread, if its last breach is less than an hour old. `collecting`: the
    author's case that collects what is past a limit. `used`: actions of each kind within their limit's time. `late`: how
    late the message was found, None in time. `strikes`: without that of the episode. `number`: of the next new case.
    """

    mode: Status
    number: int
    episode: CaseView | None = None
    collecting: CaseView | None = None
    strikes: tuple[Strike, ...] = ()
    struck: Strike | None = None
    muted_until: datetime | None = None
    moderator: bool = False
    late: timedelta | None = None
    used: Mapping[ActionKind, int] = field(default_factory=dict)
    capabilities: frozenset[ActionKind] = frozenset(ActionKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is recorded and done. `answer` is what the member gets (None: nothing), `call` what the moderators get.

    `past_limit` names the kinds that a limit held back, `shown` the status that counted, `manual` what this platform
    cannot do by itself. `undone` lists the kinds that a decision takes back; `instead_of` is how the case stood, where another moderator
    had decided it, `was` how grave it was before a decision.
    """

    case: CaseView
    opens: bool = False
    collects: bool = False
    shown: Status = Status.SHADOW
    findings: tuple[Finding, ...] = ()
    strike: Strike | None = None
    answer: ActionKind | None = None
    call: ActionKind | None = None
    actions: tuple[Action, ...] = ()
    past_limit: tuple[ActionKind, ...] = ()
    manual: tuple[ActionKind, ...] = ()
    undone: tuple[ActionKind, ...] = ()
    instead_of: CaseView | None = None
    was: Severity | None = None
    late: timedelta | None = None


def strikes_weight(strikes: Iterable[Strike], policy: Policy, now: datetime) -> float:
    """Sum of the strikes that count, each halved every half-life, within the policy's window."""
    total = 0.0
    for strike in strikes:
        age = now - strike.given_at
        if strike.state in (StrikeState.PROVISIONAL, StrikeState.UPHELD) and age <= policy.strikes.window:
            weight = policy.severities[strike.severity].strike
            total += weight * 0.5 ** (max(age, timedelta()) / policy.strikes.half_life)
    return total


def counts_against(finding: Finding, circumstances: Circumstances) -> Status:
    """The weakest of the rule's status, the community's mode, and review for a moderator's own words."""
    ceiling = Status.REVIEW if circumstances.moderator and finding.concern is not Concern.WELFARE else Status.ENFORCE
    return min(finding.status, circumstances.mode, ceiling)


def respond(verdict: Verdict, circumstances: Circumstances, policy: Policy, now: datetime) -> Response | None:
    """Decide once what all findings of a message mean. None where there is no finding.

    `now` is only used for the end of a mute; strikes and episodes count by the message's own time.
    """
    if not verdict.findings:
        return None
    message, sent = verdict.message, verdict.message.sent_at
    statuses = [counts_against(finding, circumstances) for finding in verdict.findings]
    shown = max(statuses)
    enforced = [f for f, status in zip(verdict.findings, statuses, strict=True) if status is Status.ENFORCE]
    enforced = _held_back(enforced, circumstances)
    case, opens = _case_for(verdict, circumstances, shown)
    call = _call(verdict.findings, statuses, policy) if shown >= Status.REVIEW else None
    if circumstances.late is not None and shown >= Status.REVIEW:
        call = call or ActionKind.ESCALATE  # no penalty any more, so people look
    answer, mute, strike = _answer(enforced, case, opens=opens, circumstances=circumstances, policy=policy, sent=sent)
    hides = _hides(verdict.findings, enforced, circumstances, policy)
    until = now + mute if answer is ActionKind.MUTE and mute else None
    if until and circumstances.muted_until and until <= circumstances.muted_until:
        until = circumstances.muted_until
    wanted = _wanted(case, call=call, answer=answer, hides=hides, circumstances=circumstances)
    past = tuple(k for k in wanted if k in policy.limits and circumstances.used.get(k, 0) >= policy.limits[k].count)
    if past and answer in (*past, ActionKind.MUTE):
        return _collect(verdict, circumstances, past, call)
    plan = [kind for kind in wanted if kind not in past]
    actions = tuple(_action(kind, case, message, until if kind in (ActionKind.MUTE, ActionKind.NOTIFY) else None) for kind in plan)
    case = replace(
        case,
        severity=max(case.severity, *(f.severity for f in verdict.findings)),
        answered=case.answered + (answer in (ActionKind.WARN, ActionKind.MUTE)),
        hidden=(*case.hidden, message.id) if ActionKind.HIDE in plan else case.hidden,
        muted_until=until or case.muted_until,
        names=tuple(dict.fromkeys((*case.names, *(name for f in verdict.findings for name in f.names)))),
    )
    return Response(
        case=case,
        opens=opens,
        shown=shown,
        findings=verdict.findings,
        strike=strike,
        answer=answer,
        call=call,
        actions=actions,
        past_limit=past,
        manual=tuple(kind for kind in plan if kind not in circumstances.capabilities),
        late=circumstances.late,
    )


def _case_for(verdict: Verdict, circumstances: Circumstances, shown: Status) -> tuple[CaseView, bool]:
    """The episode's case with one step more, or a new one."""
    message = verdict.message
    episode = circumstances.episode
    if episode and episode.state is CaseState.OPEN:
        return replace(episode, steps=episode.steps + 1, last_at=max(episode.last_at, message.sent_at)), False
    assert shown >= Status.SHADOW
    return CaseView(
        number=circumstances.number,
        author=message.author,
        platform=message.platform,
        server=message.server,
        room=message.room,
        thread=message.thread,
        opened_at=message.sent_at,
        last_at=message.sent_at,
        steps=1,
    ), True


def _held_back(enforced: list[Finding], circumstances: Circumstances) -> list[Finding]:
    """What may be answered: nothing but help where it is late; beside a call for help only what endangers others."""
    welfare = [finding for finding in enforced if finding.concern is Concern.WELFARE]
    if circumstances.late is not None:
        return welfare
    return [f for f in enforced if f.concern in (*DAY_CONCERNS, Concern.WELFARE)] if welfare else enforced


def _call(findings: Iterable[Finding], statuses: Iterable[Status], policy: Policy) -> ActionKind | None:
    """The strongest call to the moderators; a rule in review always has one, and a private note a quiet one where a person has to look."""
    calls: list[ActionKind | None] = [None]
    for finding, status in zip(findings, statuses, strict=True):
        call = policy.severities[finding.severity].moderators
        if call is None and policy.shown_quietly(finding.rule):
            call = ActionKind.ESCALATE
        calls.append(ActionKind.ESCALATE if status is Status.REVIEW and call is None else call if status >= Status.REVIEW else None)
    return max(calls, key=CALLS.index)


def _hides(findings: Iterable[Finding], enforced: list[Finding], circumstances: Circumstances, policy: Policy) -> bool:
    """Hidden: by the severity's answer; and threats, slurs, private information whoever wrote them, moderators too."""
    if circumstances.late is not None:
        return False
    by_anybody = [f for f in findings if f.concern in DAY_CONCERNS and min(f.status, circumstances.mode) is Status.ENFORCE]
    return any(policy.severities[f.severity].hides for f in (*enforced, *by_anybody))


def _answer(
    enforced: list[Finding], case: CaseView, *, opens: bool, circumstances: Circumstances, policy: Policy, sent: datetime
) -> tuple[ActionKind | None, timedelta | None, Strike | None]:
    """What the member gets, how long a mute lasts, and the strike that the episode now is."""
    if not enforced:
        return None, None, None
    before = _enforced_before(case, opens=opens, struck=circumstances.struck, policy=policy)
    gravest = max(*(f.severity for f in enforced), before)
    weight = policy.severities[gravest].strike
    strike = Strike(case=case.number, severity=gravest, given_at=case.opened_at) if weight > 0 else None
    worse = gravest > before or opens
    noticed = case.notice_tried_at is not None and case.notice_tried_at <= sent
    if not (worse or noticed or sent - case.opened_at > ONE_STEP_MAX):
        return None, None, strike
    if not opens and all(f.concern is Concern.WELFARE for f in enforced):  # said once, it has been said
        return None, None, strike
    answer = max((policy.severities[f.severity].member for f in enforced), key=ANSWERS.index)
    mute: timedelta | None = None
    if any(policy.severities[f.severity].strike > 0 for f in enforced):
        total = strikes_weight(circumstances.strikes, policy, sent) + weight * (1 + case.answered)
        rungs = [rung for rung in policy.ladder if rung.strikes <= total]
        if rungs and ANSWERS.index(rungs[-1].answer) >= ANSWERS.index(answer):
            answer, mute = rungs[-1].answer, rungs[-1].mute
    if answer is ActionKind.MUTE:
        upheld = any(strike.state is StrikeState.UPHELD for strike in circumstances.strikes)
        day = upheld or any(f.concern in DAY_CONCERNS for f in enforced)
        mute = min(mute or MUTE_PROVISIONAL_MAX, MUTE_UNDECIDED_MAX if day else MUTE_PROVISIONAL_MAX)
    return answer, mute, strike


def _enforced_before(case: CaseView, *, opens: bool, struck: Strike | None, policy: Policy) -> Severity:
    """The gravest of the episode that was enforced. What of it is graver is for people to decide: it raises nothing, spares nobody."""
    if opens:
        return Severity.MINOR
    if struck:
        return struck.severity
    without = [severity for severity in Severity if severity <= case.severity and not policy.severities[severity].strike > 0]
    return max(without, default=Severity.MINOR) if case.answered else Severity.MINOR


def _wanted(
    case: CaseView, *, call: ActionKind | None, answer: ActionKind | None, hides: bool, circumstances: Circumstances
) -> list[ActionKind]:
    """Kinds of actions of this step. A mute or a hiding is told in a notice of its own; a nudge or a warning is the notice."""
    kinds: list[ActionKind] = []
    if call:
        kinds.append(call)
    if hides:
        kinds.append(ActionKind.HIDE)
    if answer is ActionKind.MUTE:
        kinds.append(ActionKind.MUTE)
    if answer in (ActionKind.NUDGE, ActionKind.WARN):
        kinds.append(answer)
    elif answer is ActionKind.MUTE or (hides and case.notice_first_at is None and circumstances.late is None and case.steps == 1):
        kinds.append(ActionKind.NOTIFY)
    return kinds


def _collect(verdict: Verdict, circumstances: Circumstances, past: tuple[ActionKind, ...], call: ActionKind | None) -> Response:
    """Past a limit: nothing happens to the member, one case per author collects the rest for review; urgent goes out."""
    message, before = verdict.message, circumstances.collecting
    if before:
        case = replace(before, steps=before.steps + 1, last_at=max(before.last_at, message.sent_at))
    else:
        case, _ = _case_for(verdict, replace(circumstances, episode=None), Status.REVIEW)
    call = call or ActionKind.ESCALATE
    room = call is ActionKind.URGENT or (call not in past and before is None)
    case = replace(case, severity=max(case.severity, *(f.severity for f in verdict.findings)))
    return Response(
        case=case,
        opens=before is None,
        collects=True,
        shown=Status.REVIEW,
        findings=verdict.findings,
        call=call,
        actions=(_action(call, case, message, None),) if room else (),
        past_limit=past,
        late=circumstances.late,
    )


def _action(kind: ActionKind, case: CaseView, message: Message, until: datetime | None) -> Action:
    """An action of the program about a message; a collecting case holds messages of several rooms."""
    plain = _told(message.community, case, case.steps, kind, until)
    return replace(plain, room=message.room, message=message.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A person's decision on a case: uphold, change (to a milder or graver severity, with or without a mute), dismiss.

    `mute`: None where nothing is said of it (a mute that runs ends where the case becomes milder, and goes on else), zero for none.
    """

    decision: Decision
    by: str
    reason: str = ""
    severity: Severity | None = None
    mute: timedelta | None = None


def decide(community: str, case: CaseView, ruling: Ruling, circumstances: Circumstances, policy: Policy, now: datetime) -> Response:
    """Carry out a person's decision. Raises NotAllowedError where the case's state does not allow it.

    Dismissing undoes what was done: the mute is lifted, hidden messages are shown again where that is possible; the strike
    is removed. Upholding makes the strike count fully, from when it was said: a report of an old message does not make it new. The
    member is told in every case, unless nobody was told before.
    """
    state = move(CASE, case.state, AFTER[ruling.decision])
    stepped = replace(case, state=state, steps=case.steps + 1, decided_by=ruling.by)
    kinds: list[ActionKind] = []
    until: datetime | None = None
    muted = case.muted_until is not None and case.muted_until > now
    if ruling.decision is Decision.DISMISS:
        kinds += [ActionKind.UNMUTE] if muted else []
        kinds += [ActionKind.UNHIDE] if case.hidden else []
    elif ruling.decision is Decision.CHANGE:
        if ruling.mute:
            until = now + ruling.mute
            kinds.append(ActionKind.MUTE)
        elif muted and (ruling.mute is not None or (ruling.severity or case.severity) < case.severity):
            kinds.append(ActionKind.UNMUTE)
    told = case.notice_first_at is not None or case.answered > 0 or ruling.decision is not Decision.DISMISS or bool(case.hidden)
    kinds += [ActionKind.NOTIFY] if told else []
    severity = ruling.severity or case.severity
    strike_state = StrikeState.REMOVED if ruling.decision is Decision.DISMISS else StrikeState.UPHELD
    undone = tuple(kind for kind in kinds if kind in (ActionKind.UNMUTE, ActionKind.UNHIDE))
    lifted = ActionKind.UNMUTE in kinds
    step = stepped.steps
    actions = [_told(community, case, step, kind, until) for kind in kinds if kind is not ActionKind.UNHIDE]
    for message in case.hidden if ActionKind.UNHIDE in kinds else ():
        actions.insert(-1, replace(_told(community, case, step, ActionKind.UNHIDE, None), message=message))
        step += 1
    stepped = replace(
        stepped,
        steps=max(stepped.steps, step - 1),
        severity=severity,
        muted_until=until or (None if lifted else case.muted_until),
    )
    if not policy.severities[severity].strike > 0:
        strike_state = StrikeState.REMOVED
    return Response(
        case=stepped,
        shown=Status.ENFORCE,
        instead_of=case if case.decided_by not in ("", ruling.by) else None,
        was=case.severity,
        strike=Strike(case=case.number, severity=severity, given_at=min(case.opened_at, case.last_at), state=strike_state),
        answer=ActionKind.MUTE if until else None,
        actions=tuple(actions),
        manual=tuple(kind for kind in kinds if kind not in circumstances.capabilities),
        undone=undone,
    )


def _told(community: str, case: CaseView, step: int, kind: ActionKind, until: datetime | None) -> Action:
    """An action that is done to the author of a case."""
    return Action(
        community=community,
        case=case.number,
        step=step,
        kind=kind,
        platform=case.platform,
        server=case.server,
        room=case.room,
        target=case.author,
        until=until,
    )
