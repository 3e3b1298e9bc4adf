"""Reports about no message of ours: what a member tells the moderators in words.

Knows: reports on record, the sentences, who moderates. Must not know: queues, platforms, how anything is delivered.
Rules: a report reaches the moderators' channel at once, as a short notice in the transaction that records it; who reported is sealed
behind the report's number; a report about a moderator is shown there without its words, because that moderator reads the channel too;
a report does nothing by itself.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from textwrap import wrap

from bot.core.cases import NotAllowedError, ReportState
from bot.core.model import ActionKind
from bot.core.naming import one_line, person, place
from bot.core.notices import Sentences, masked, quote, span
from bot.core.policy import Policy
from bot.parts import Parts
from bot.store.forgetting import Forgotten
from bot.store.records import Report, ReportKind
from bot.store.store import Transaction

REPORTS_OPEN_MAX = 5
"""Open reports of one member: with more, one member's would bury everybody else's. Further words are added to one of these."""
REPORTS_ABOUT_MAX = 2 * REPORTS_OPEN_MAX
"""The same where each is about another member: those are not put together, because one of them may be a moderator."""
TOLD_AGAIN_AFTER = timedelta(minutes=10)
"""Words that are added to a report are said in the moderators' channel so seldom."""
FORGET_ME = "This member asks that the data kept about them be deleted."
REQUESTS = (ReportKind.FORGET, ReportKind.FORGET_REST)
"""Requests to be forgotten that can be carried out, also where a moderator has answered them by words."""
PART_CHARS_MAX = 250
"""A whole report is shown in parts, each masked by itself."""
LINE_CHARS_MAX = 100
"""A list shows the latest words of a report up to this length."""
TEXT_CHARS_MAX = 2_000
"""Longest report, with all that was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a member reports: by which account, where, and about whom where they say so."""

    account: str
    platform: str
    room: str
    server: str
    text: str
    author: str = ""


class Reporting:
    """Takes reports for one community."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def receive(self, said: Said) -> str:
        """Record a report and tell the moderators; gives what the member reads. Raises NotAllowedError where it cannot be taken."""
        said = replace(said, author=said.author or self._moderator_in(said))
        async with self._parts.transaction() as transaction:
            mine = await transaction.open_reports_of(await transaction.accounts_of(said.platform, said.account))
            older = added_to(mine, said.author)
            if older:
                await self._add(transaction, older, said)
                return self._with_routes("report_added", older.id, REPORTS_OPEN_MAX)
            number = await transaction.add_report(
                platform=said.platform, room=said.room, message="", author=said.author, reporter=said.account, text=said.text
            )
            await transaction.audit("reported", values={"report": number})
            await self._tell(transaction, said.platform, said.server, await self._card(transaction, number, said))
        return received(self._parts, number)

    async def _add(self, transaction: Transaction, older: Report, said: Said) -> None:
        """Add words to an open report; words that it has already change nothing. The moderators hear of it every ten minutes at most."""
        if said.text in older.text.split("\n"):
            return
        text = f"{older.text}\n{said.text}"
        if len(text) > TEXT_CHARS_MAX:
            raise NotAllowedError(self._parts.sentences["report_full"].format(report=older.id))
        tell = older.told_at is None or transaction.now - older.told_at >= TOLD_AGAIN_AFTER
        await transaction.add_to_report(older.id, text, told=tell)
        await transaction.audit("report_added", values={"report": older.id})
        if tell:
            added = replace(said, author=older.author)
            await self._tell(transaction, said.platform, said.server, await self._card(transaction, older.id, added))

    def _with_routes(self, sentence: str, number: int, most: int) -> str:
        routes = [f"{route.name}: {route.text}" for route in self._parts.policy.routes]
        return "\n".join([self._parts.sentences[sentence].format(report=number, most=most), *routes])

    async def show(self, number: int, by: Said) -> str:
        """A whole report, as a moderator reads it. Raises NotAllowedError as `answer` does."""
        policy, sentences = self._parts.policy, self._parts.sentences
        async with self._parts.transaction() as transaction:
            report = await self._answerable(transaction, number, by)
        words = [quote(masked(part, policy)) for one in report.text.split("\n") for part in wrap(one, PART_CHARS_MAX)]
        head = line(replace(report, text=""), policy, self._parts.clock.now()).removesuffix(f" · {quote('')}")
        to_answer = sentences["report_forget_to_answer" if report.kind is ReportKind.FORGET else "report_to_answer"]
        return "\n".join([head, *words, to_answer.format(report=number)])

    async def _answerable(self, transaction: Transaction, number: int, by: Said) -> Report:
        report = await transaction.report(number)
        own = await transaction.accounts_of(by.platform, by.account)
        if report is None or report.state is not ReportState.OPEN or part_of(report, own):
            raise NotAllowedError(f"there is no open report {number} that you can answer: /cases lists them")
        if report.kind is ReportKind.FORGET_REST:
            raise NotAllowedError(self._parts.sentences["report_forget_rest"].format(report=number))
        return report

    async def answer(self, number: int, by: Said) -> str:
        """A moderator answers a report and closes it: who reported is told privately, and stays sealed; gives what the moderator reads.

        Raises NotAllowedError where it is not open, or not theirs to answer: which of both is not said, because a moderator whom a
        report is about is not to learn of it here.
        """
        sentences = self._parts.sentences
        async with self._parts.transaction() as transaction:
            report = await self._answerable(transaction, number, by)
            # No server and no room: a private thread there would show the moderators who reported.
            forget = "forget_" if report.kind is ReportKind.FORGET else ""  # such a request is not sealed, and is refused by an answer
            text = sentences[f"report_{forget}answered"].format(report=number, answer=one_line(by.text))
            letter = await transaction.add_letter(text, platform=report.platform, target=report.reporter)
            await transaction.update_report(number, ReportState.ANSWERED, answer=by.text, letter=letter)
            await transaction.audit("report_answered", values={"report": number, "by": by.account})
            news = sentences["news_report_answered"].format(report=number, by=person(by.account))
            await self._tell(transaction, by.platform, by.server, news)
        return sentences[f"report_{forget}closed"].format(report=number)

    async def forget(self, account: str, platform: str, server: str) -> int:
        """A member asks to be forgotten: once while it is open, by whichever of their accounts; gives its number. It is not sealed."""
        async with self._parts.transaction() as transaction:
            own = await transaction.accounts_of(platform, account)
            open_ones = [one for kind in REQUESTS for one in await transaction.open_reports_of(own, kind)]
            if open_ones:
                return open_ones[0].id
            number = await transaction.add_report(
                platform=platform, room="", message="", author=account, reporter=account, text=FORGET_ME, kind=ReportKind.FORGET
            )
            await transaction.audit("forget_me", values={"report": number, "by": account, "platform": platform})
            await self._tell(
                transaction, platform, server, self._parts.sentences["report_forget"].format(report=number, account=person(account))
            )
        return number

    async def _card(self, transaction: Transaction, number: int, said: Said) -> str:
        """What the moderators' channel shows of a report."""
        sentences, policy = self._parts.sentences, self._parts.policy
        fields = {
            "report": number,
            "about": sentences["report_about"].format(account=person(said.author)) if said.author else "",
            "room": sentences["report_room"].format(room=place(said.room)) if said.room else "",
            "words": quote(masked(said.text, policy)),
            "routes": ", ".join(route.name for route in policy.routes),
        }
        if await self._about_moderator(transaction, said):
            return sentences["report_card_moderator"].format_map(fields)
        return sentences["report_card"].format_map(fields)

    def _moderator_in(self, said: Said) -> str:
        """The moderator whom the words mention, if it is one alone: it may be about them, and then they neither read nor answer it."""
        named = [one for one in self._parts.moderators if one != said.account and mentions(said.text, one)]
        return named[0] if len(named) == 1 else ""

    async def _about_moderator(self, transaction: Transaction, said: Said) -> bool:
        own = await transaction.accounts_of(said.platform, said.author) if said.author else ()
        return any(account in self._parts.moderators for _, account in own)

    async def _tell(self, transaction: Transaction, platform: str, server: str, text: str) -> None:
        """Tell the moderators of a server."""
        await transaction.add_letter(text, platform=platform, kind=ActionKind.TELL, server=server)


def mentions(text: str, account: str) -> bool:
    """Say whether a text mentions an account, as people type it or as a platform writes it."""
    return re.search(rf"<@!?{re.escape(account)}[>|]|(?<!\w)@{re.escape(account)}(?![\w-])", text, re.IGNORECASE) is not None


def added_to(mine: Sequence[Report], author: str) -> Report | None:
    """To which of a member's open reports, newest first, further words about somebody are added; None where they are a new report.

    Words about another member than those before are a report of their own longer: each is shown to those alone who may see it.
    """
    if len(mine) < REPORTS_OPEN_MAX:
        return None
    same = next((one for one in mine if one.author == author), None)
    if same or not author:
        return same or mine[0]
    if len(mine) < REPORTS_ABOUT_MAX:
        return None
    raise NotAllowedError(
        f"you have {len(mine)} open reports: the moderators have to answer one first. If it cannot wait, talk to one of them"
    )


async def forgotten(transaction: Transaction, number: int, sentences: Sentences) -> Forgotten:
    """Delete what is kept about whoever made a request to be forgotten, and tell them what went and what stays for now.

    The request is closed when nothing is left; until then this can be done again, and the member hears of it when something else is
    kept than before. Raises NotAllowedError where there is no such request, or it was carried out.
    """
    request = await transaction.report(number)
    if request is None or request.kind not in REQUESTS:
        raise NotAllowedError(f"there is no open request {number} to be forgotten: /cases lists them")
    own = await transaction.accounts_of(request.platform, request.reporter)
    gone = await transaction.forget_member(own, request=number)
    name = "report_forgotten" if gone.whole else "report_forgotten_part"
    text, letter = sentences[name].format(report=number, cases=cases_named(gone.cases), kept=kept_named(gone)), ""
    if request.kind is ReportKind.FORGET or gone.whole or f": {kept_named(gone)}." not in request.answer:
        letter = await transaction.add_letter(text, platform=request.platform, target=request.reporter)
    await transaction.carry_out_request(number, whole=gone.whole, answer=text if letter else "", letter=letter)
    await transaction.audit("forgotten" if gone.whole else "forgotten_in_part", values={"report": number})
    return gone


def cases_named(numbers: Sequence[int]) -> str:
    """Cases in words: "no case", "case 3", "cases 3 and 5"."""
    if len(numbers) <= 1:
        return f"case {numbers[0]}" if numbers else "no case"
    return f"cases {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def kept_named(gone: Forgotten) -> str:
    """What somebody still waits for, in words: "case 3 and 1 report or answer"."""
    others = f"{gone.waiting} {'report or answer' if gone.waiting == 1 else 'reports or answers'}"
    return " and ".join([*([cases_named(gone.kept)] if gone.kept else []), *([others] if gone.waiting else [])])


def part_of(report: Report, own: Iterable[tuple[str, str]]) -> bool:
    """Whether one of these accounts, all of one moderator, made a report or is the one it is about."""
    return any((platform, account) in ((report.platform, report.reporter), (report.platform, report.author)) for platform, account in own)


def line(report: Report, policy: Policy, now: datetime) -> str:
    """A report in one line: whom it is about, where, how old, the latest words that fit."""
    age = f"{span(now - report.reported_at)} old"
    if report.kind is ReportKind.FORGET_REST:
        rest = f"is forgotten but for what somebody waits for: steward data forget {report.id} deletes the rest"
        return f"Report {report.id} · {person(report.reporter)} {rest} · {age}"
    if report.kind is ReportKind.FORGET:
        return f"Report {report.id} · {person(report.reporter)} asks to be forgotten · {age}"
    about = [f"about {person(report.author)}"] if report.author else []
    room = [f"in {place(report.room)}"] if report.room else []
    words = " / ".join(masked(one, policy) for one in report.text.split("\n"))
    words = words if len(words) <= LINE_CHARS_MAX else f"…{words[-LINE_CHARS_MAX:]}"
    return " · ".join([f"Report {report.id}", *about, *room, age, quote(words)])


def received(parts: Parts, number: int) -> str:
    """What a member reads who reported something: the report's number, and where else they can turn."""
    routes = [f"{route.name}: {route.text}" for route in parts.policy.routes]
    return "\n".join([parts.sentences["report_received"].format(report=number), *routes])
