"""Three weeks in a branch, made by hand and by a seeded generator: a feud, a councillor who is questioned, a brigade.

Knows: messages, commands and what a fair moderator would find in each. Must not know: how anything is judged.
Rules: the same seed makes the same script; what is not in `expected` is found by no rule in review or enforce.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CAST = ("alex", "bex", "mo", "priya", "tariq", "miriam", "yusuf", "ngozi", "helen", "robin-h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A message, or a command (`ask`) that somebody gives; `report`: the text of a report about the latest message of `to`."""

    at: datetime
    author: str
    say: str = ""
    to: str = ""
    reply: bool = False
    mentions: tuple[str, ...] = ()
    ask: str = ""
    report: str = ""
    finds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in order of time."""

    steps: list[Step] = field(default_factory=list)

    def say(self, day: float, author: str, text: str, *finds: str, to: str = "", reply: bool = False, mentions: Sequence[str] = ()) -> None:
        """Somebody says something, to a member by a mention (or a reply) where told, so many days after the beginning."""
        at = BEGIN + timedelta(days=day)
        said = f"@{to} {text}" if to and not reply else text
        names = tuple(mentions) or ((to,) if to and not reply else ())
        self.steps.append(Step(at=at, author=author, say=said, to=to, reply=reply, mentions=names, finds=frozenset(finds)))

    def ask(self, day: float, author: str, line: str) -> None:
        """Somebody gives a command."""
        self.steps.append(Step(at=BEGIN + timedelta(days=day), author=author, ask=line))

    def report(self, day: float, author: str, about: str, text: str) -> None:
        """Somebody reports the latest message of a member."""
        self.steps.append(Step(at=BEGIN + timedelta(days=day), author=author, to=about, report=text))

    def ordered(self) -> Iterator[Step]:
        """In order of time."""
        return iter(sorted(self.steps, key=lambda step: step.at))

    @property
    def messages(self) -> int:
        """How many of the steps are messages."""
        return sum(bool(step.say) for step in self.steps)


def feud(lines: Sequence[str], *, messages: int = 400) -> Script:
    """A week: kev goes for dana, she asks him to stop, others join in, one gives away her account, and in the end they make up."""
    script, attack = Script(), ("personal-attack", "possible-attack")
    script.say(0.50, "kev", "you are a stupid useless idiot", *attack, to="dana")
    script.say(0.51, "dana", "The figures are in the minutes and I stand by them", to="kev", reply=True)
    script.say(1.50, "kev", "you are a disgusting pathetic moron", *attack, to="dana")
    script.say(2.50, "kev", "shut up you stupid moron", *attack, "course-of-conduct", to="dana")
    script.say(2.60, "dana", "please stop messaging me", to="kev")
    script.ask(2.61, "dana", "/nocontact kev")
    script.say(3.20, "kev", "I am allowed to talk about the budget, whatever dana thinks of it")
    script.say(3.30, "kev", "you cannot gag me over a budget", "no-contact-reminder", to="dana")
    script.say(4.30, "kev", "are you coming on Thursday or not?", "unwelcome-contact", to="dana")
    for n, author in enumerate(("una", "vic", "wes", "xan", "zoe")):
        script.say(5.0 + n / 50, author, "you are a pathetic stupid idiot", *attack, to="dana")
    given_away = "See where the money goes: @dana's bank account is sort code 20-00-00, account 55779911"
    script.say(5.15, "wes", given_away, "private-details", mentions=("dana",))
    script.say(5.2, "ngozi", "Leave her be, all of you. That is no way to talk to anybody")
    script.say(6.2, "dana", "that was a hard week for both of us. Shall we draw a line?", to="kev")
    script.say(6.25, "kev", "Yes. I am sorry for what I said to you", to="dana", reply=True)
    script.say(6.3, "dana", "Thank you. See you at the count", to="kev", reply=True)
    script.say(6.4, "kev", "I'll bring the urn", to="dana")
    dice = random.Random(6)
    rest = messages - script.messages
    for n, text in enumerate(dice.sample(list(lines), rest)):
        script.say((n + dice.random()) * 6.9 / rest, dice.choice(CAST), text)
    return script


ASKED = (
    "how did you vote on {}, and why is it not in the minutes?",
    "your record on {} is a disgrace and people deserve to know it",
    "you promised us you would save {}. You did not. Explain yourself",
    "another week, another silence about {}. Is this what we elected you for?",
    "your vote on {} was shameful and I will say so at every meeting",
    "the figures you gave on {} were wrong, and you knew they were wrong",
    "you sold this ward out over {}. Resign",
    "I have asked you five times about {}. I will ask a sixth",
    "that statement on {} was rubbish from the first line to the last",
    "your answer on {} was an insult to every resident who turned up",
)
TOPICS = ("the library", "the leisure centre", "the bus lanes", "the housing contract")


def questions() -> Script:
    """Six weeks in which two members question one councillor, 80 times, hard; the councillor does not answer."""
    script = Script()
    for n in range(80):
        text = ASKED[n % len(ASKED)].format(TOPICS[(n // len(ASKED)) % len(TOPICS)])
        author = "priya" if n % 3 else "tariq"
        script.say(n * 42 / 80, author, text, to="councillor")
        if n == 20:
            script.say(n * 42 / 80 + 0.1, "councillor", "My surgery is on Saturday at ten")
            script.say(n * 42 / 80 + 0.2, "priya", "And will you answer questions there, or hide again?", to="councillor", reply=True)
    return script


def brigade() -> Script:
    """A councillor tries to gag a critic, friends report her, a troll baits a member and threatens every moderator."""
    script = Script()
    script.say(0.1, "priya", "your record on the library is a disgrace", to="councillor")
    script.ask(0.2, "councillor", "/nocontact priya")
    script.say(1.0, "priya", "how did you vote on the library?", to="councillor")
    script.say(2.0, "priya", "no request changes that. You were elected to answer", to="councillor")
    script.say(3.0, "priya", "and I will ask at every meeting until you do", to="councillor")
    for n, friend in enumerate(("una", "vic", "wes", "xan", "zoe", "kev")):
        script.report(3.1 + n / 100, friend, "priya", "This is harassment of a councillor")
    script.say(4.00, "troll", "you are a pathetic ugly liar", "personal-attack", "possible-attack", to="sam")
    script.say(4.001, "sam", "Say that to my face on Thursday and then help us with the chairs", to="troll", reply=True)
    script.say(4.002, "troll", "you are a stupid worthless idiot", "personal-attack", "possible-attack", to="sam")
    script.say(4.004, "sam", "No. Talk about the motion or not at all", to="troll", reply=True)
    threat = "@morgan @robin @dana @alex I'm going to kill you and everyone in that house"
    script.say(5.0, "troll", threat, "threat", "possible-threat", mentions=("morgan", "robin", "dana", "alex"))
    script.say(5.1, "priya", "Is everybody all right?")
    return script
