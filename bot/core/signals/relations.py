"""What people do to each other over time: contact that was refused, a course of conduct, many against one, an answer in kind.

Knows: a reading, the contact rows between its author and those it addresses, no-contact requests. Must not know: rules,
severities, statuses, actions, texts of older messages (contact rows keep none).
Rules: those of the package. Only the target says that contact is unwelcome, silence is no request; hard words about a view, a
vote, a record or an office are no hostility to a person; who holds office is asked and criticised as often as anyone likes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.core.model import Contact, Evidence, Kind, Message, NoContact, Role
from bot.core.signals.basic import NO, Aim, AimedAt, Label, Measure, Reading, Signal

HOSTILE_LABELS = (Label.TOXICITY, Label.INSULT, Label.THREAT, Label.IDENTITY_ATTACK)
BANDS = ((0.82, 3), (0.66, 2), (0.5, 1))
"""Score at least -> band of hostility."""
HOSTILE, ABUSIVE = 2, 3
"""The floor for all that counts over time. Of 664 lines of ordinary talk, answering a member, six reach
band 1 and one band 2."""
OBJECTIONS, PUBLIC_ROLE, IDIOMS = "objections", "public-role", "idioms"
"""Banks with a meaning of their own: "stop contacting me"; what an office holder answers for; what is said and not meant."""
PROMPTED_WITHIN = timedelta(hours=1)
MANY_MENTIONED = 3
"""Who is mentioned with more than two others is one of many: that is no contact with anybody in particular."""
ONE_CONTACT = timedelta(minutes=10)
"""What is sent so soon after is the same contact: nobody has read the reminder yet."""
PAUSE = timedelta(days=3)
"""A request pauses this long after the one who made it turned to the other."""
HALF_LIFE = timedelta(days=14)
DAYS_MIN, UNPROMPTED_MIN = 3, 2
"""A course of conduct needs hostility on so many days, and so many messages that nothing of the target's prompted."""
WINDOW = timedelta(days=90)


def says(reading: Reading, bank: str) -> bool:
    """Say whether words of a bank stand in what was said; False where the policy has no such bank."""
    return any(found.bank == bank for n in reading.of_role(Role.SAID) for found in reading.found[n])


def hostility_of(reading: Reading) -> int | None:
    """Band of what the author said, 0 to 3, counted only where it is aimed at a person; None where scores are missing."""
    if AimedAt(at=Aim.MEMBER).measure(reading).value is not True or says(reading, IDIOMS):
        return 0
    known = [reading.scores[n].values.get(label) for n in reading.of_role(Role.SAID) for label in HOSTILE_LABELS]
    highest = max((value for value in known if value is not None), default=0.0)
    band = next((band for least, band in BANDS if highest >= least), 0)
    return None if band == 0 and _missing(reading) else band


def hostility_to(reading: Reading, target: str) -> int | None:
    """The same towards one of those addressed: hard words about what an office holder answers for are not about the person."""
    band = hostility_of(reading)
    if band and band < ABUSIVE and target in reading.context.office_holders and says(reading, PUBLIC_ROLE):
        return 0
    return band


def contacts_left(reading: Reading) -> tuple[Contact, ...]:
    """The contact rows that this message leaves."""
    message, objects = reading.message, says(reading, OBJECTIONS)
    rows = []
    for target in reading.targets:
        band = hostility_to(reading, target) or 0
        row = Contact(
            author=message.author,
            target=target,
            room=message.room,
            thread=message.thread,
            message=message.id,
            sent_at=message.sent_at,
            hostility=band,
            objects=objects,
            answered=_prompted(message, target, reading.context.contacts),
            direct=_direct(reading, target, band),
        )
        rows.append(row)
    return tuple(rows)


def _direct(reading: Reading, target: str, band: int) -> bool:
    """Say whether a no-contact request of the target covers this: never a name alone, nor one of many, nor a public role."""
    message = reading.message
    if target not in message.addressed or len(message.mentions) > MANY_MENTIONED:
        return False
    return target not in reading.context.office_holders or (band >= HOSTILE and message.reply_author != target)


def _prompted(message: Message, target: str, rows: Iterable[Contact]) -> bool:
    """Say whether the target spoke to the author within the hour before, other than to object."""
    since = message.sent_at - PROMPTED_WITHIN
    return any(r.author == target and r.target == message.author and r.sent_at >= since and not r.objects for r in rows)


def _missing(reading: Reading) -> str:
    return next((reading.scores[n].missing for n in reading.of_role(Role.SAID) if reading.scores[n].missing), "")


def _between(reading: Reading, other: str) -> list[Contact]:
    """The rows between the author and somebody, oldest first, without those of this message."""
    author, rows = reading.message.author, reading.context.contacts
    return [r for r in rows if {r.author, r.target} == {author, other} and r.message != reading.message.id]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedContact:
    """The author turns to somebody who asked for no contact, after being told so; contacts since then, this one included.

    Mentions, replies and reactions count; what is sent within ten minutes is one contact. Speaking about somebody does not
    count, nor does mentioning them among many. Towards office holders only hostility to the person counts, and never a reply.
    It pauses for three days when the one who asked turns to the other.
    """

    at_least: int = field(metadata={"low": 1, "high": 100})

    def measure(self, reading: Reading) -> Measure:
        """Count contacts with each member who made a request; the highest count that reaches the number is the evidence."""
        best: tuple[int, tuple[str, ...], str] = (0, (), "")
        for request in reading.context.requests:
            number, messages = self._count(reading, request)
            best = max(best, (number, messages, request.requester), key=lambda one: one[0])
        if best[0] < self.at_least:
            return NO
        return Measure(
            value=True, evidence=(Evidence(signal="refused_contact", value=float(best[0]), people=(best[2],), messages=best[1]),)
        )

    @staticmethod
    def _count(reading: Reading, request: NoContact) -> tuple[int, tuple[str, ...]]:
        sent, told, asker = reading.message.sent_at, request.told_at, request.requester
        if told is None or not told < sent < request.until or asker not in reading.targets:
            return 0, ()
        rows = _between(reading, asker)
        turned = [row.sent_at for row in rows if row.author == asker and row.direct and not row.objects and row.sent_at > told]

        def paused(at: datetime) -> bool:
            return any(at - PAUSE <= moment <= at for moment in turned)

        if paused(sent) or not _direct(reading, asker, hostility_to(reading, asker) or 0):
            return 0, ()
        mine = [row for row in rows if row.author != asker and row.direct and row.sent_at > told and not paused(row.sent_at)]
        count, since = 0, None
        for at in (*(row.sent_at for row in mine), sent):
            if since is None or at - since > ONE_CONTACT:
                count, since = count + 1, at
        return count, tuple(row.message for row in mine)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseOfConduct:
    """The author is hostile to the same person over days and weeks, in whatever room: one for each thread and day.

    Each counts less as it ages (half after 14 days); `at_least` is their sum, this one included. Three days and two messages that
    the target did not prompt are needed. What the target did to the author is shown beside it.
    """

    at_least: int = field(metadata={"low": 1, "high": 100})

    def measure(self, reading: Reading) -> Measure:
        """Weigh the hostile contacts with each target; the heaviest that reaches the number is the evidence."""
        bands = {target: hostility_to(reading, target) for target in reading.targets}
        if None in bands.values():
            return Measure(value=None, missing=_missing(reading))
        found = [self._course(reading, target) for target, band in bands.items() if band is not None and band >= HOSTILE]
        heaviest = max((one for one in found if one), key=lambda one: one.value or 0.0, default=None)
        if heaviest is None or (heaviest.value or 0.0) < self.at_least:
            return NO
        return Measure(value=True, evidence=(heaviest,))

    @staticmethod
    def _course(reading: Reading, target: str) -> Evidence | None:
        message, rows = reading.message, _between(reading, target)
        hostile = [r for r in rows if r.author == message.author and r.hostility >= HOSTILE and message.sent_at - r.sent_at <= WINDOW]
        times = {(r.room, r.thread, r.sent_at.date()): r.sent_at for r in hostile}
        times[message.room, message.thread, message.sent_at.date()] = message.sent_at
        days = {day for _, _, day in times}
        unprompted = sum(not row.answered for row in hostile) + (not _prompted(message, target, rows))
        if len(days) < DAYS_MIN or unprompted < UNPROMPTED_MIN:
            return None
        back = sum(r.author == target and r.hostility >= HOSTILE for r in rows)
        return Evidence(
            signal="course_of_conduct",
            value=sum(0.5 ** ((message.sent_at - at) / HALF_LIFE) for at in times.values()),
            people=(target,),
            messages=tuple(row.message for row in hostile),
            detail=f"hostile on {len(days)} days, {unprompted} times unprompted; the other side was hostile {back} times",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LikesHate:
    """A supportive reaction still stands under a message that was found hateful, a day after its author was told so in private.

    Which reactions support is the bank supportive-reactions; anger, sadness, a thumb down or a question mark never do. `at_least` is
    the number of messages under which the account has left one so within the time in which strikes count, this one included.
    """

    at_least: int = field(metadata={"low": 1, "high": 100})

    def measure(self, reading: Reading) -> Measure:
        """Ask what is known of the reaction: nothing is, until it is looked at again."""
        message, liked = reading.message, reading.context.liked
        counts = liked is not None and message.kind is Kind.REACTED and reading.banks.supports(message.text)
        if (liked.times if liked and counts else 0) < self.at_least:
            return NO
        if liked is None:
            return Measure(value=True)
        detail = f"{message.text} still stands under the message of case {liked.case}, after a private note about it (number {liked.times})"
        return Measure(
            value=True, evidence=(Evidence(signal="likes_hate", value=float(liked.times), messages=(liked.message,), detail=detail),)
        )


class Standing(StrEnum):
    """What an account is in the community."""

    OFFICE_HOLDER = "office_holder"


def provoked_by(reading: Reading) -> str:
    """The message of the last minutes, itself with a finding, that this one answers in kind; "" where there is none.

    Who began is not provoked: a message counts only where no earlier one of the author's at the same person has a finding.
    """
    message, context = reading.message, reading.context
    for recent in (one for one in context.recent if one.id in context.found):
        if recent.author == message.author and any(target in recent.addressed for target in reading.targets):
            return ""
        answers = recent.author in reading.targets and message.author in recent.addressed
        if recent.author != message.author and answers:
            return recent.id
    return ""


PILE_ON_WITHIN, PILE_ON_MEMBERS = timedelta(hours=6), 5
"""So many members who are hostile to one person within that time are a pile-on;"""
WEEKS_WITHIN, WEEKS_MEMBERS, WEEKS_DAYS = timedelta(weeks=4), 3, 3
"""and so are so many over weeks, each of them on so many days."""


def pile_on(rows: Sequence[Contact], now: datetime) -> tuple[Contact, ...]:
    """The rows of a pile-on, of all hostile contacts with one person (oldest first); () where there is none."""
    lately = tuple(row for row in rows if now - row.sent_at <= PILE_ON_WITHIN and row.hostility >= HOSTILE)
    if len({row.author for row in lately}) >= PILE_ON_MEMBERS:
        return lately
    weeks = [row for row in rows if now - row.sent_at <= WEEKS_WITHIN and row.hostility >= HOSTILE]
    days: dict[str, set[date]] = {}
    for row in weeks:
        days.setdefault(row.author, set()).add(row.sent_at.date())
    keen = {author for author, dates in days.items() if len(dates) >= WEEKS_DAYS}
    return tuple(row for row in weeks if row.author in keen) if len(keen) >= WEEKS_MEMBERS else ()


SIGNALS: Mapping[str, type[Signal]] = {
    "refused_contact": RefusedContact,
    "course_of_conduct": CourseOfConduct,
    "likes_hate": LikesHate,
}
