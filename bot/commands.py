"""What members and moderators can ask for: data in, text out, the same on every platform.

Knows: the casebook, the record, who asks. Must not know: how a platform shows text or takes commands.
Rules: every answer goes to the one who asked, and to nobody else; who reported is never shown; a moderator who is part of a
case neither sees nor decides it; no answer promises what is not there.
"""

import json
import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from bot import callme, linking
from bot.casebook import Casebook
from bot.consent import Consents
from bot.core.cases import APPEALED, AppealState, Decision, NotAllowedError
from bot.core.model import Action, ActionKind, CaseState, CaseView, Message, Severity, StrikeState
from bot.core.naming import person, place, rendered
from bot.core.notices import STATES, when
from bot.core.respond import Ruling, strikes_weight
from bot.listing import Listing
from bot.nocontact import NoContacts, Unwanted
from bot.orders import MUTE_HOURS_MAX, NUMBER_DIGITS_MAX, changed, numbered, reason_of
from bot.parts import Parts
from bot.reporting import TEXT_CHARS_MAX, Reporting, Said, received
from bot.reviewing import SHOWN_MAX, Reviewing, case_line
from bot.store.store import Transaction

HOWS = ("tell", "quietly", "renew", "end", "list")
"""What a member can do about contact that they do not want: ask for none and have the other told, or keep it as evidence alone ..."""
CALLED = ("add", "remove", "list")
"""What a member can do with the names by which others call them."""
_ANSWERED = dict.fromkeys(("nudge", "nudged"), ActionKind.NUDGE) | dict.fromkeys(("warn", "warned", "warning"), ActionKind.WARN)
"""What moderators read on a card where a member was answered, and so what they type."""
AGREED = {"yes": True, "no": False}
ASKS_AGREED = re.compile(r"/agreed ([0-9]{1,9}) no\b")
ASKS = re.compile(r"/nocontact <([^<>]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and where."""

    account: str
    platform: str
    room: str = ""
    server: str = ""


Answer = Callable[["Desk", Asker, list[str]], Awaitable[str]]


def nothing() -> None:
    """Nobody performs."""


class Desk:
    """Answers commands for one community."""

    def __init__(self, parts: Callable[[], Parts], wake: Callable[[], None] = nothing) -> None:
        """`parts` gives what the community is made of now; `wake` is called when there may be something to perform."""
        self._parts = parts
        self._wake = wake

    @property
    def parts(self) -> Parts:
        """What the community is made of now."""
        return self._parts()

    @property
    def casebook(self) -> Casebook:
        """Where decisions are written down."""
        return Casebook(self.parts)

    async def ask(self, line: str, asker: Asker) -> str:
        """Answer a command line like "/case 3". What is wrong with it is said in one line."""
        try:
            words = shlex.split(line.lstrip("/"))
        except ValueError:
            words = line.lstrip("/").split()
        return await self.ask_words(words, asker)

    async def ask_words(self, words: list[str], asker: Asker) -> str:
        """The same from its words as they were typed: nothing in them is a mark of quotation."""
        name = words[0].lower() if words else "help"
        command = COMMANDS.get(name)
        if command is None or not self._may(asker, command):
            known = [one for one, what in COMMANDS.items() if self._may(asker, what)]
            near = get_close_matches(name, known, 1) if command is None else []
            wrong = f"There is no command /{name}" if command is None else f"/{name} is for moderators"
            meant = f" Did you mean /{near[0]}?" if near else ""
            return f"{wrong}.{meant} You can use {', '.join(f'/{one}' for one in known)}."
        try:
            return await command.answer(self, asker, words[1:])
        except NotAllowedError as error:
            text = str(error)
            return text[:1].upper() + text[1:] + "."

    def _may(self, asker: Asker, command: "Command") -> bool:
        return not command.moderators or asker.account in self.parts.moderators

    async def help(self, asker: Asker, _: list[str]) -> str:
        """What can be asked."""
        shown = [(name, command) for name, command in COMMANDS.items() if self._may(asker, command)]
        width = max(len(command.usage) for _, command in shown)
        return "\n".join(f"{command.usage:<{width}}  {command.what}" for _, command in shown)

    async def code(self, asker: Asker, words: list[str]) -> str:
        """The code of conduct in plain words."""
        del asker
        clauses = [c for c in self.parts.policy.clauses if not words or c.number == words[0]]
        if not clauses:
            raise NotAllowedError(f"there is no clause {words[0]}")
        read_at = next((clause.read_at for clause in clauses if clause.read_at), "")
        lines = [f"{clause.number}. {clause.title}. {clause.summary}" for clause in clauses]
        return "\n".join([*lines, *([f"The full text: {read_at}"] if read_at else [])])

    async def report(self, asker: Asker, words: list[str]) -> str:
        """A member says that something is wrong."""
        text = " ".join(words)[:TEXT_CHARS_MAX]
        if not text:
            raise NotAllowedError("say what is wrong: /report and then what happened, with a name and a time if you can")
        return await self._reported(asker, text)

    async def report_message(self, asker: Asker, message: Message, text: str) -> str:
        """A member reports a message: it goes into the message's case, or opens one, for moderators to decide."""
        if message.author == asker.account:
            raise NotAllowedError("this is your own message: you can delete it yourself")
        return await self._reported(asker, text[:TEXT_CHARS_MAX], message)

    async def report_member(self, asker: Asker, account: str, text: str) -> str:
        """A member reports another one."""
        if account == asker.account:
            raise NotAllowedError("you cannot report yourself")
        if not text.strip():
            raise NotAllowedError("say what happened, with a time if you can")
        return await self._reported(asker, text[:TEXT_CHARS_MAX], author=account)

    async def _reported(self, asker: Asker, text: str, message: Message | None = None, author: str = "") -> str:
        if message is None:
            said = Said(account=asker.account, platform=asker.platform, room=asker.room, server=asker.server, text=text, author=author)
            answer = await Reporting(self.parts).receive(said)
            self._wake()
            return answer
        async with self.parts.transaction() as transaction:
            number = await transaction.add_report(
                platform=asker.platform,
                room=message.room,
                message=message.id,
                author=message.author,
                reporter=asker.account,
                text=text,
            )
            await transaction.audit("reported", values={"report": number})
        await self.casebook.report(number, message, asker.account, text)
        self._wake()
        return received(self.parts, number)

    async def answer_report(self, asker: Asker, words: list[str]) -> str:
        """A moderator answers a report and closes it, from a line: its number and the answer; without one the report is shown."""
        number, rest = numbered(words, "report")
        return await self.answer_number(asker, number, " ".join(rest))

    async def answer_number(self, asker: Asker, number: int, text: str) -> str:
        """The same from its parts."""
        self._moderators_only(asker)
        by = Said(account=asker.account, platform=asker.platform, room=asker.room, server=asker.server, text=text[:TEXT_CHARS_MAX])
        if not text.strip():
            return await Reporting(self.parts).show(number, by)
        answer = await Reporting(self.parts).answer(number, by)
        self._wake()
        return answer

    async def appeal(self, asker: Asker, words: list[str]) -> str:
        """A member asks again about their own case."""
        number, why = numbered(words)
        return await self.appeal_case(asker, number, " ".join(why))

    async def appeal_case(self, asker: Asker, number: int, text: str) -> str:
        """A member asks again about their own case."""
        said = await self.casebook.appeal(number, asker.platform, asker.account, text[:TEXT_CHARS_MAX])
        self._wake()
        routes = [f"{one.name}: {one.text}" for one in self.parts.policy.routes] if said == "appeal_received_nobody" else []
        why = [] if text.strip() else [self.parts.sentences["appeal_why"].format(case=number)]
        return "\n".join([self.parts.sentences[said].format(case=number, hours=self.parts.policy.appeal_hours), *routes, *why])

    async def own_numbers(self, asker: Asker) -> list[tuple[int, str]]:
        """The member's own cases that can be appealed, with a few words on each."""
        async with self.parts.transaction() as transaction:
            cases = await _cases_of(transaction, await transaction.accounts_of(asker.platform, asker.account))
        shown = [case for case in cases if case.notice_first_at and case.state is not CaseState.DISMISSED]
        return [(case.number, f"Case {case.number}, {case.opened_at:%-d %B}: {STATES[case.state]}") for case in shown]

    async def open_numbers(self, asker: Asker) -> list[tuple[int, str]]:
        """The open cases that a moderator may decide, the newest first, with a few words on each."""
        self._moderators_only(asker)
        return await Reviewing(self.parts).open_cases((asker.platform, asker.account))

    def _moderators_only(self, asker: Asker) -> None:
        if asker.account not in self.parts.moderators:
            raise NotAllowedError("only moderators can do this")

    async def call_me(self, asker: Asker, words: list[str]) -> str:
        """Names by which others call a member, from a line: add NAME, remove NAME, list."""
        return await self.called(asker, words[0].lower() if words else "list", " ".join(words[1:]))

    async def called(self, asker: Asker, how: str, name: str = "") -> str:
        """The same from its parts: `how` is one of CALLED. Only the member's own names, whoever asks."""
        parts = self.parts
        account = (asker.platform, asker.account)
        async with parts.transaction() as transaction:
            answer = await callme.answer(transaction, parts.names, parts.policy, parts.sentences, asker=account, how=how, name=name)
        parts.names.stale = True
        return answer

    async def agreed(self, asker: Asker, words: list[str]) -> str:
        """Somebody who was asked says whether the owner of a private detail agreed: the case, and yes or no."""
        number, rest = numbered(words)
        said = " ".join(rest).lower().strip(".!")
        if said not in AGREED:
            raise NotAllowedError(f"say yes or no: /agreed {number} yes, or /agreed {number} no")
        return await self.agreed_case(asker, number, agreed=AGREED[said])

    async def agreed_case(self, asker: Asker, number: int, *, agreed: bool) -> str:
        """The same from its parts."""
        answer = await Consents(self.parts).answer(number, asker.platform, asker.account, agreed=agreed)
        self._wake()
        return answer

    async def mydata(self, asker: Asker, _: list[str] | None = None) -> str:
        """What is on record about a member and all their linked accounts, as JSON: cases, strikes, reports they made, appeals, requests."""
        found: dict[str, list[object]] = {}
        async with self.parts.transaction() as transaction:
            own = await transaction.accounts_of(asker.platform, asker.account)
            found["accounts"] = [{"platform": platform, "account": account} for platform, account in own]
            for one in own:
                for name, rows in (await transaction.data_of(*one)).items():
                    found.setdefault(name, []).extend(rows)
        return json.dumps(found, indent=1, ensure_ascii=False, default=str)

    async def forgetme(self, asker: Asker, _: list[str] | None = None) -> str:
        """A member asks that their data be deleted: people have to look, because cases of others may rest on it."""
        number = await Reporting(self.parts).forget(asker.account, asker.platform, asker.server)
        async with self.parts.transaction() as transaction:
            own = await transaction.accounts_of(asker.platform, asker.account)
            names = sum([await transaction.forget_names(*one) for one in own])  # nobody's case rests on them
        self._wake()
        self.parts.names.stale = True
        deleted = " The names that you had given are deleted." if names else ""
        seen = "The moderators see it and have to answer it. You are told what was deleted and what was not"
        return f"Your request is number {number}. {seen}.{deleted}"

    async def member(self, asker: Asker, account: str) -> str:
        """What moderators need to know of a member: cases and strikes, without those that the moderator is part of."""
        self._moderators_only(asker)
        if account == asker.account:
            raise NotAllowedError("this is your own record: use /mystanding")
        reviewing = Reviewing(self.parts)
        async with self.parts.transaction() as transaction:
            own = await transaction.accounts_of(asker.platform, account)
            cases = await _cases_of(transaction, own)
            details = [await reviewing.seen(transaction, case.number, (asker.platform, asker.account)) for case in cases]
            since = transaction.now - self.parts.policy.strikes.window
            strikes = await transaction.strikes_of(asker.platform, account, since=since)
            muted, is_so = await transaction.mute_of(own)
        counting = [s for s in strikes if s.state in (StrikeState.PROVISIONAL, StrikeState.UPHELD)]
        weight = strikes_weight(counting, self.parts.policy, self.parts.clock.now())
        lines = [f"{case_line(one, self.parts.policy)} · {STATES[one.case.state]}" for one in details if one]
        if not all(details):
            lines.append("Some cases are not shown to you, because you are part of them.")
        lines = lines or [f"{person(account)} has no cases."]
        lines.append(f"Strikes that count now: {weight:.1f}.")
        lines += [f"Linked: {person(other)} on {platform.capitalize()}." for platform, other in own if other != account]
        return "\n".join([*lines, *([f"{'Muted' if is_so else 'Asked not to post'} until {when(muted)}."] if muted else [])])

    async def record_of(self, asker: Asker, words: list[str]) -> str:
        """The same, from a line."""
        return await self.member(asker, _account(words))

    async def unwanted(self, asker: Asker, words: list[str]) -> str:
        """Requests for no contact from a line: nothing (a list), renew WHO, end WHO, WHO, WHO quietly."""
        hows = [word.lower() for word in words if word.lower() in HOWS]
        who = [word for word in words if word.lower() not in HOWS]
        return await self.unwanted_contact(asker, _account(who) if who else "", " ".join(hows))

    async def unwanted_contact(self, asker: Asker, account: str = "", how: str = "") -> str:
        """The same from its parts: `how` is one of HOWS, "" for the usual (tell them, or without a name the list)."""
        contacts = NoContacts(self.parts)
        unwanted = Unwanted(account=asker.account, platform=asker.platform, room=asker.room, server=asker.server, other=account)
        match how, bool(account):
            case ("list", _) | ("", False):
                return await contacts.in_force(asker.platform, asker.account)
            case ("tell" | "quietly" | "", True):
                answer = await contacts.ask(unwanted, quietly=how == "quietly")
                self._wake()
                return answer
            case "renew", True:
                return await contacts.renew(unwanted)
            case "end", True:
                return await contacts.end(unwanted)
        raise NotAllowedError("say whose contact you do not want")

    async def standing(self, asker: Asker, _: list[str]) -> str:
        """A member's own cases and strikes."""
        async with self.parts.transaction() as transaction:
            own = await transaction.accounts_of(asker.platform, asker.account)
            cases = await _cases_of(transaction, own)
            since = transaction.now - self.parts.policy.strikes.window
            strikes = await transaction.strikes_of(asker.platform, asker.account, since=since)
            muted, is_so = await transaction.mute_of(own)
            cases = tuple(case for case in cases if case.notice_first_at)
            appeals = [one for case in cases for one in await transaction.appeals_of_case(case.number) if one.state in APPEALED]
        if not cases:
            return "There is nothing on your record."
        due = {
            one.case: " You appealed; nobody answered in time, so the penalty is lifted until somebody does."
            if one.state is AppealState.SUSPENDED
            else f" You appealed; an answer is due by {when(one.answer_by)}."
            for one in appeals
            if one.answer_by
        }
        counting = [s for s in strikes if s.state in (StrikeState.PROVISIONAL, StrikeState.UPHELD)]
        weight = strikes_weight(counting, self.parts.policy, self.parts.clock.now())
        lines = [
            f"Case {case.number}: {case.opened_at:%-d %B %Y} in {place(case.room)}, {STATES[case.state]}.{due.get(case.number, '')}"
            for case in cases
        ]
        lines.append(f"Strikes that count now: {weight:.1f}. They fade with time.")
        return "\n".join([*lines, *([f"You are {'muted' if is_so else 'asked not to post'} until {when(muted)}."] if muted else [])])

    async def cases(self, asker: Asker, words: list[str]) -> str:
        """A page of what waits; what the moderator is part of is left out."""
        if words and (not words[0].isdecimal() or not int(words[0][:NUMBER_DIGITS_MAX]) >= 1 or len(words) > 1):
            raise NotAllowedError("write /cases, or /cases 2 for the next page")
        return await Listing(self.parts).page(asker.platform, asker.account, int(words[0][:NUMBER_DIGITS_MAX]) if words else 1)

    async def case(self, asker: Asker, words: list[str]) -> str:
        """Everything about one case."""
        number, _ = numbered(words)
        return await Reviewing(self.parts).show(number, (asker.platform, asker.account))

    async def uphold(self, asker: Asker, words: list[str]) -> str:
        """A moderator agrees with what was done."""
        return await self._decide(Decision.UPHOLD, asker, words)

    async def dismiss(self, asker: Asker, words: list[str]) -> str:
        """A moderator takes it back."""
        return await self._decide(Decision.DISMISS, asker, words)

    async def change(self, asker: Asker, words: list[str]) -> str:
        """A moderator changes the severity, and may mute for some hours."""
        number, rest = numbered(words)
        order = changed(number, rest, self._grade_of)
        return await self.rule(asker, number, Decision.CHANGE, reason=order.reason, severity=order.severity, mute_hours=order.hours)

    def _grade_of(self, word: str) -> Severity | None:
        """The mildest severity whose answer to the member a card calls so: a nudge, a warning."""
        kind = _ANSWERED.get(word.lower())
        return next((grade for grade in Severity if kind and self.parts.policy.severities[grade].member is kind), None)

    async def rule(
        self,
        asker: Asker,
        number: int,
        decision: Decision,
        *,
        reason: str = "",
        severity: Severity | None = None,
        mute_hours: int | None = None,
    ) -> str:
        """A moderator decides a case: uphold, change (to a severity, with a mute of so many hours, 0 for none), dismiss."""
        mute = timedelta(hours=min(mute_hours, MUTE_HOURS_MAX)) if mute_hours is not None else None
        ruling = Ruling(decision=decision, by=asker.account, reason=reason[:TEXT_CHARS_MAX], severity=severity, mute=mute)
        answer = await Reviewing(self.parts).decide(number, ruling, asker.platform)
        self._wake()
        return answer

    async def _decide(self, decision: Decision, asker: Asker, words: list[str]) -> str:
        number, rest = numbered(words)
        return await self.rule(asker, number, decision, reason=reason_of(rest))

    async def done_by_hand(self, asker: Asker, number: int) -> str:
        """A moderator did what was left to people in a case: Steward looks again where it can, and says whether it is so."""
        self._moderators_only(asker)
        answer = await Reviewing(self.parts).done_by_hand(number, (asker.platform, asker.account))
        self._wake()
        return answer

    async def link(self, asker: Asker, words: list[str]) -> str:
        """Without a word: a code for the member's other account. With a code from there: both accounts have one record from now on."""
        here = (asker.platform, asker.account)
        async with self.parts.transaction() as transaction:
            may = await linking.may_try(transaction, here)
        if not may:
            raise NotAllowedError("that was too often: try again in an hour")
        async with self.parts.transaction() as transaction:
            if words:
                platform, _ = await linking.join(transaction, here, "".join(words))
                return f"Your accounts here and on {platform.capitalize()} have one record now. Type /unlink to part them again."
            code = await linking.offer(transaction, here)
        return (
            f"Type this within 10 minutes with your account in the other chat: /link {code}\n"
            "Then both accounts have one record. Show the code to nobody: whoever types it would share your record."
        )

    async def unlink(self, asker: Asker, _: list[str]) -> str:
        """The account has a record of its own again."""
        async with self.parts.transaction() as transaction:
            await linking.part(transaction, (asker.platform, asker.account))
        return "This account has a record of its own again. What is on record stays with the account it happened on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: how it is written, what it does, whether only moderators may."""

    usage: str
    what: str
    answer: Answer
    moderators: bool = False


COMMANDS: Mapping[str, Command] = {
    "help": Command(usage="/help", what="what you can ask", answer=Desk.help),
    "code": Command(usage="/code [CLAUSE]", what="the code of conduct in plain words", answer=Desk.code),
    "report": Command(usage="/report WHAT", what="tell the moderators that something is wrong", answer=Desk.report),
    "appeal": Command(usage="/appeal CASE [WHY]", what="ask another moderator to look at your case again", answer=Desk.appeal),
    "mystanding": Command(usage="/mystanding", what="your cases and strikes", answer=Desk.standing),
    "nocontact": Command(usage="/nocontact [WHO]", what="ask for no contact (WHO quietly, renew WHO, end WHO)", answer=Desk.unwanted),
    "callme": Command(usage="/callme [add|remove NAME]", what="names by which others call you", answer=Desk.call_me),
    "agreed": Command(usage="/agreed CASE yes|no", what="say whether somebody agreed, where you were asked", answer=Desk.agreed),
    "mydata": Command(usage="/mydata", what="everything that is kept about you", answer=Desk.mydata),
    "forgetme": Command(usage="/forgetme", what="ask that what is kept about you be deleted", answer=Desk.forgetme),
    "link": Command(usage="/link [CODE]", what="one record for your accounts in two chats", answer=Desk.link),
    "unlink": Command(usage="/unlink", what="a record of its own for this account again", answer=Desk.unlink),
    "cases": Command(usage="/cases [PAGE]", what="open cases, reports and things to do by hand", answer=Desk.cases, moderators=True),
    "case": Command(usage="/case CASE", what="everything about a case", answer=Desk.case, moderators=True),
    "member": Command(usage="/member WHO", what="a member's cases and strikes", answer=Desk.record_of, moderators=True),
    "uphold": Command(
        usage="/uphold CASE [REASON]", what="agree with what was done; the member reads the reason", answer=Desk.uphold, moderators=True
    ),
    "change": Command(
        usage="/change CASE [SEVERITY] [HOURSh] [REASON]",
        what=f"make it milder or graver ({', '.join(map(str, Severity))}; 24h mutes); the member reads the reason",
        answer=Desk.change,
        moderators=True,
    ),
    "dismiss": Command(
        usage="/dismiss CASE [REASON]", what="take it all back; the member reads the reason", answer=Desk.dismiss, moderators=True
    ),
    "answer": Command(
        usage="/answer REPORT [WORDS]", what="read a report, or answer and close it", answer=Desk.answer_report, moderators=True
    ),
}


async def _cases_of(transaction: Transaction, accounts: Sequence[tuple[str, str]]) -> tuple[CaseView, ...]:
    """The cases of some accounts, newest first."""
    found = [case for one in accounts for case in await transaction.cases_of(*one, SHOWN_MAX)]
    return tuple(sorted(found, key=lambda case: case.number, reverse=True)[:SHOWN_MAX])


def asks_about(action: Action) -> str:
    """Whose contact a letter asks its reader about, named after the command that it tells them to type; "" where it asks nothing."""
    named = rendered(action.text, person="<{}>".format, place=str, escape=lambda text: text.replace("<", ""))
    found = ASKS.search(named) if not action.case else None
    return found[1] if found else ""


def agreed_labels(action: Action) -> Mapping[str, str]:
    """What can be answered to that question, by the desk's word for it: the author speaks of the owner, the owner of themselves."""
    return {"yes": "Yes, they agreed", "no": "No, or I am not sure"} if action.case else {"no": "I did not agree", "yes": "I agreed"}


def asks_agreed(action: Action) -> int:
    """About which case a notice or letter asks its reader whether somebody agreed; 0 where it does not ask."""
    found = ASKS_AGREED.search(action.text)
    return int(found[1]) if found else 0


def _account(words: list[str]) -> str:
    """The account that is named. Raises NotAllowedError."""
    if len(words) != 1:
        raise NotAllowedError("name one member")
    return words[0].lstrip("@")
