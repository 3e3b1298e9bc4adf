"""What members and moderators read about a case.

Knows: the sentences (data, notices.en.yaml), findings, responses, clauses. Must not know: how anything is delivered.
Rules: what, for how long, which clause, which words, program or person, how to appeal (DESIGN.md section 5, point 1); slurs
and private data are masked; a notice never names who reported.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.judge import ANSWER_IN_KIND, PUT_TOGETHER, found_in
from bot.core.model import CARDS, ActionKind, CaseState, CaseView, Concern, Evidence, Finding, Message, Role, Segment, Verdict
from bot.core.naming import one_line, person, place, unmarked, visible
from bot.core.policy import Clause, Policy
from bot.core.respond import Response, Ruling
from bot.core.text import fold

APPEAL_DAYS = 180
WORDS_CHARS_MAX = 300
"""A notice quotes the member's own words up to this length."""

Sentences = Mapping[str, str]


def mask(word: str) -> str:
    """Keep the first letter of each word, so that it can be known and not read: "s***"; of what is spaced out or cut the first alone."""
    parts = word.split()
    kept = 0 if len(parts) > 1 and any(len(part) == 1 for part in parts) else len(parts)
    return " ".join(part[:1] + "*" * (len(part) - 1) if number <= kept else "*" * len(part) for number, part in enumerate(parts))


def shown_words(
    segments: Iterable[Segment], findings: Iterable[Finding], policy: Policy, roles: tuple[Role, ...] = (Role.SAID, Role.QUOTED)
) -> str:
    """What was written, with slurs and private data masked, cut to WORDS_CHARS_MAX characters.

    A slur is masked whatever was found: a notice about a threat does not repeat it either. Where something was only found together with the
    fragments sent just before, they are shown too.
    """
    findings = tuple(findings)
    if any(finding.concern is Concern.WELFARE for finding in findings):
        return "(somebody may need help, not repeated here)"
    if any(finding.concern is Concern.PRIVATE_INFORMATION for finding in findings):
        return "(private information, not repeated here)"
    if any(evidence.signal == PUT_TOGETHER for finding in findings for evidence in finding.evidence):
        roles = (Role.JOINED, *(role for role in roles if role is Role.SHARED))  # what was said and quoted is part of it
    text = unmarked(" ".join(_shown(segment, policy) for segment in segments if segment.role in roles)).strip()
    hidden = {w.text for f in findings for e in f.evidence for w in e.words if w.masked} | _never_repeated(text, policy)
    for word in sorted(hidden, key=len, reverse=True):
        text = text.replace(word, mask(word))
    text = visible(" ".join(text.split()))
    return text if len(text) <= WORDS_CHARS_MAX else text[: WORDS_CHARS_MAX - 1] + "…"


def _shown(segment: Segment, policy: Policy) -> str:
    """A segment's text; of several messages with a stroke between, and with what is never repeated masked also where it was cut."""
    if not segment.seams:
        return segment.text
    text, naming = segment.text, _naming(policy)
    folded = fold(text)
    for one in reversed(found_in(segment, policy, folded, policy.disguises.read(text, folded))):
        if one.bank not in naming and policy.masked(one.bank):
            text = text[: one.start] + mask(segment.text[one.start : one.end]) + text[one.end :]
    for seam in reversed(segment.seams):
        text = f"{text[:seam]} / {text[seam + 1 :]}"
    return text


def _naming(policy: Policy) -> set[str]:
    """Banks that only name people, kindly or not: they are no reason to mask."""
    return {one.bank for one in policy.characteristics}


def _never_repeated(text: str, policy: Policy) -> set[str]:
    """The words of masked banks in a text."""
    naming, meant = _naming(policy), policy.disguises.read(text)
    found = policy.index.find(text, meant=meant)
    return {text[one.start : one.end] for one in found if one.bank not in naming and policy.masked(one.bank)}


def masked(text: str, policy: Policy) -> str:
    """A text with the words of masked banks masked, cut to WORDS_CHARS_MAX characters."""
    text = unmarked(text)
    for found in sorted(policy.index.find(text, meant=policy.disguises.read(text)), key=lambda one: one.start, reverse=True):
        if policy.masked(found.bank):
            text = text[: found.start] + mask(text[found.start : found.end]) + text[found.end :]
    text = visible(" ".join(text.split()))
    return text if len(text) <= WORDS_CHARS_MAX else text[: WORDS_CHARS_MAX - 1] + "…"


def unseen(message: Message) -> str:
    """What stands in the place of words where a message is an image alone: it is shown nowhere but where it was said."""
    return "(an image, not shown here)" if message.images else ""


def when(moment: datetime) -> str:
    """A time as members read it."""
    return f"{moment:%H:%M on %-d %B %Y} (UTC)"


def span(length: timedelta) -> str:
    """A length of time in plain words, rounded down to its largest unit."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "0 seconds"


def gravest(findings: Iterable[Finding]) -> Finding:
    """The finding that a notice speaks of: highest status, then severity, then name."""
    return max(findings, key=lambda f: (f.status, f.severity, f.rule))


def notice(response: Response, verdict: Verdict, policy: Policy, sentences: Sentences, *, room: str) -> str:
    """What the member reads when the program acted. The response has an answer or hides a message."""
    finding = gravest(response.findings)
    noted = next((f for f in response.findings if policy.note(f.rule) and (f is finding or f.concern is Concern.WELFARE)), None)
    if noted:
        asks = [sentences["consent_ask"].format(case=response.case.number, hours=policy.consent_hours)]
        asks = asks if policy.asks_consent(noted.rule) else []
        return "\n".join([policy.note(noted.rule).strip(), *asks, sentences["noted"].format(room=place(room))])
    rule = policy.rule(finding.rule)
    clause = policy.clause(finding.clauses[0])
    kinds = {action.kind for action in response.actions}
    until = next((action.until for action in response.actions if action.until), None)
    first = str(response.answer) if response.answer else "hide"
    if any(evidence.signal == "likes_hate" for evidence in finding.evidence):
        first = f"{first}_reaction" if f"{first}_reaction" in sentences else first
    fields = {"room": place(room), "clause": finding.clauses[0], "title": clause.title, "until": when(until) if until else ""}
    lines = [sentences[first].format_map(fields)]
    if ActionKind.HIDE in kinds and response.answer:
        lines.append(sentences["also_hidden"])
    lines.append(_summary(clause, sentences))
    if any(evidence.signal == ANSWER_IN_KIND for evidence in finding.evidence):
        lines.append(sentences["answer_in_kind"])
    lines.append(sentences["words"].format(words=quote(shown_words(verdict.segments, response.findings, policy) or "(shared)")))
    lines += characteristics((finding,), sentences)
    if rule.better:
        lines.append(sentences["better"].format(better=rule.better))
    lines += [sentences["by_program"], _appeal(response.case.number, policy, sentences, "_first")]
    if response.answer is ActionKind.MUTE:
        lines.append(sentences["muted_can"])
    return "\n".join([*lines, sentences["about"]])


def decision_notice(
    response: Response,
    ruling: Ruling,
    findings: Iterable[Finding],
    policy: Policy,
    sentences: Sentences,
    *,
    answers_appeal: bool = False,
    last: bool = False,
) -> str:
    """What the member reads when a person decided; `last`: no moderator is left who could look at it once more."""
    findings = tuple(findings)
    number = gravest(findings).clauses[0] if findings else ""
    fields = {"case": response.case.number, "clause": number, "title": policy.clause(number).title if number else ""}
    reported = "" if number or ruling.decision != "uphold" else "_reported"
    if number and answers_appeal and ruling.decision == "uphold":
        reported = "_again"
    if findings and ruling.decision == "uphold" and all(policy.note(finding.rule) for finding in findings):
        reported = "_noted"
    lines = [sentences["decided_appeal"].format_map(fields)] if answers_appeal else []
    lines.append(sentences[f"decided_{ruling.decision}{reported}"].format_map(fields))
    if ruling.decision == "change":
        lines += change_in_words(response, policy, sentences)
    lines += [sentences[f"undone_{kind}"] for kind in response.undone]
    until = next((action.until for action in response.actions if action.until), None)
    if until:
        lines.append(sentences["changed_mute"].format(until=when(until)))
    if ruling.reason:
        lines.append(sentences["reason"].format(reason=one_line(ruling.reason)))
    if ruling.decision != "dismiss" and last:
        lines.append(sentences["appeal_last"])
    elif ruling.decision != "dismiss":
        lines.append(_appeal(response.case.number, policy, sentences, "_again" if answers_appeal else ""))
    return "\n".join([*lines, sentences["about"]])


def change_in_words(response: Response, policy: Policy, sentences: Sentences) -> list[str]:
    """How grave a changed case was and is now and what that counts, and that what was hidden stays so."""
    after = response.case
    strike = policy.severities[after.severity].strike
    counts = sentences["counts"].format(strikes=f"{strike:g} strike{'' if strike == 1 else 's'}") if strike else sentences["counts_nothing"]
    same = "changed_not_severity" if response.was is after.severity else "changed_severity"
    lines = [sentences[same].format(before=response.was, after=after.severity, counts=counts)]
    return [*lines, *([sentences["stays_hidden"]] if after.hidden else [])]


DONE = {
    ActionKind.NUDGE: "nudged",
    ActionKind.WARN: "warned",
    ActionKind.NOTIFY: "notice to the member",
    ActionKind.HIDE: "message hidden",
    ActionKind.MUTE: "muted",
    ActionKind.ESCALATE: "moderators asked",
    ActionKind.URGENT: "moderators called at once",
    ActionKind.UNHIDE: "message shown again",
    ActionKind.UNMUTE: "mute lifted",
    ActionKind.UPDATE: "card brought up to date",
    ActionKind.TELL: "letter to a member",
}
"""What each action is once it is performed, in plain words."""
_TO_DO = {
    ActionKind.NUDGE: "nudge the member",
    ActionKind.WARN: "warn the member",
    ActionKind.NOTIFY: "tell the member",
    ActionKind.HIDE: "hide the message",
    ActionKind.MUTE: "mute the member",
    ActionKind.ESCALATE: "show the case to the moderators",
    ActionKind.URGENT: "call the moderators",
    ActionKind.UNHIDE: "show the message again",
    ActionKind.UNMUTE: "lift the mute",
    ActionKind.UPDATE: "bring the card up to date",
    ActionKind.TELL: "send the letter",
}
"""What is still to be done, by Steward or by a moderator's hand."""


def to_do(kinds: Iterable[ActionKind]) -> str:
    """Actions that are still to be done, in words."""
    return ", ".join(_TO_DO[kind] for kind in kinds)


def card(response: Response, verdict: Verdict, policy: Policy, sentences: Sentences) -> str:
    """What moderators read: who, where, which rule and clause, the words, why, what was done, what they can do."""
    head = "card_urgent" if response.call is ActionKind.URGENT else "card"
    roles = (Role.SAID, Role.QUOTED, Role.SHARED)
    findings = told(response.findings, policy)
    lines = [card_head(head, response.case, findings, policy, sentences), *cautions(response.findings, policy, sentences)]
    words = shown_words(verdict.segments, response.findings, policy, roles) or unseen(verdict.message)
    lines.append(sentences["card_text"].format(words=quote(words)))
    lines.append(sentences["card_because"].format(because="; ".join(dict.fromkeys(map(because, findings)))))
    lines += characteristics(response.findings, sentences)
    done = ", ".join(DONE[a.kind] for a in response.actions if a.kind not in (*CARDS, ActionKind.NOTIFY, *response.manual))
    lines.append(sentences["card_done"].format(done=done or sentences["card_nothing"]))
    if response.late is not None:
        lines.append(sentences["card_late"].format(late=span(response.late)))
    if response.past_limit:
        lines.append(sentences["card_limit"].format(kinds=to_do(response.past_limit)))
    if response.manual:
        lines.append(sentences["card_manual"].format(kinds=to_do(response.manual)))
    return "\n".join([*lines, sentences["card_decide"].format(case=response.case.number)])


def told(findings: Sequence[Finding], policy: Policy) -> list[Finding]:
    """The findings of one message that moderators read about: without those that stand behind another whose status is no lower."""
    found = {finding.rule: finding.status for finding in findings}

    def says_more(finding: Finding) -> bool:
        behind = policy.rule(finding.rule).behind if policy.has_rule(finding.rule) else ()
        return not any(name in found and found[name] >= finding.status for name in behind)

    return list(filter(says_more, findings))


def characteristics(findings: Iterable[Finding], sentences: Sentences) -> list[str]:
    """What people are attacked for, where findings name it."""
    named = dict.fromkeys(one for finding in findings for one in finding.characteristics)
    return [sentences["characteristics"].format(names=", ".join(named))] if named else []


def cautions(findings: Iterable[Finding], policy: Policy, sentences: Sentences) -> list[str]:
    """What moderators must mind before all else: somebody may need help, or is a child."""
    concerns = {finding.concern for finding in findings}
    lines = [sentences["card_welfare"]] if Concern.WELFARE in concerns else []
    contact = policy.safeguarding_contact or sentences["card_no_contact"]
    return [*lines, sentences["card_child"].format(contact=contact)] if Concern.CHILD in concerns else lines


def card_head(head: str, case: CaseView, findings: Iterable[Finding], policy: Policy, sentences: Sentences) -> str:
    """A card's first line: the case, how grave, who, where, which rules."""
    titles = dict.fromkeys(f"{policy.rule(f.rule).title} (clause {', '.join(f.clauses)})" for f in findings if policy.has_rule(f.rule))
    rules = "; ".join(titles) or sentences["card_reported"]
    fields = {"case": case.number, "severity": case.severity, "author": person(case.author), "room": place(case.room), "rules": rules}
    return sentences[head].format_map(fields)


STATES = {
    CaseState.OPEN: "waiting for a moderator",
    CaseState.UPHELD: "upheld by a moderator",
    CaseState.CHANGED: "changed by a moderator",
    CaseState.DISMISSED: "dismissed: it does not count",
    CaseState.LAPSED: "lapsed as not decided: it does not count",
}
"""How a case stands, in plain words."""


_UNJUDGED = {
    "time_out": "it took too long",
    "failure": "something failed, and the log says what",
    "too_long": "the message is longer than what is read",
    "language": "it is in another language than the policy's",
    "no_label": "the model has no score for this",
    "images_not_installed": "looking at images is not installed",
    "image_too_large": "an image is too large",
    "image_not_readable": "an image cannot be read",
    "image_not_given": "the platform did not give an image",
}


def unjudged_because(reason: str) -> str:
    """Why something was not judged, in words. An unknown reason is shown as it is written."""
    return _UNJUDGED.get(reason, reason.replace("_", " "))


def because(finding: Finding) -> str:
    """Why a rule found something, from its evidence, in one line."""
    return ", ".join(dict.fromkeys(filter(None, map(_reason, finding.evidence)))) or finding.rule


def _reason(evidence: Evidence) -> str:
    words = quote(", ".join(dict.fromkeys(mask(w.text) if w.masked else w.text for w in evidence.words)))
    where = "" if evidence.role in (Role.SAID, Role.JOINED) else f" in what is {evidence.role}"
    people, value = ", ".join(map(person, evidence.people)), evidence.value or 0
    reasons = {
        "score": f"{evidence.label.replace('_', ' ')} {value:.2f}{where}",
        "words": f"{evidence.detail.replace('-', ' ')} {words}{where}",
        "aimed_at": f"aimed at {people or (words if evidence.words else 'a person')}",
        "given_name": f"{evidence.detail}: {words}",
        "shared_from": f"shared from {words}",
        "refused_contact": f"contact number {value:.0f} after {people} asked for none",
        "course_of_conduct": f"a course of conduct towards {people}: {evidence.detail}",
        "answer_in_kind": "an answer to a message that has a finding of its own, so one severity lower",
        "put_together": "read together with what was sent just before",
        "same_words": f"the same words from {value:.0f} new accounts to {people}; that does not make them one person",
        "raid": f"{value:.0f} accounts that have just come write at once",
        "new_account": f"message {value:.0f} of a new account",
        "mass_mentions": f"{value:.0f} members mentioned at once",
        "shouting": f"{value:.0f} walls of capitals",
        "private_information": f"{evidence.detail}{where}",
        "repeats": f"the same text {value:.0f} times",
        "flood": f"{value:.0f} messages in a row",
        "shared_image": f"a known image ({one_line(evidence.detail)}), {value:.0f} of 256 bits differ",
    }
    return reasons.get(evidence.signal, evidence.detail)


def quote(text: str) -> str:
    """Put words in quotation marks, visible and on one line."""
    return f"“{one_line(text)}”"


def _summary(clause: Clause, sentences: Sentences) -> str:
    return sentences["summary"].format(clause=clause.number, summary=clause.summary)


def _appeal(case: int, policy: Policy, sentences: Sentences, which: str = "") -> str:
    """How to appeal: against a person's decision, a program's (`_first`), or an answer after which somebody is left (`_again`)."""
    return sentences[f"appeal{which}"].format(case=case, days=APPEAL_DAYS, hours=policy.appeal_hours)
