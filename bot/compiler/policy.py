"""From a policy's files to the compiled policy, or every mistake in the files at once.

Knows: the files' texts by name, the fields of signals. Must not know: disks, what signals measure, who is judged.
Rules: pure; nothing is used unless everything is right; a new signal needs no change here. How files become data is said
by the fields below, each with its metadata (see source.Builder). A complete small policy:

=== policy.yaml
name: example-branch              # small letters, digits and hyphens
title: How we talk in the Example branch
version: "1"
languages: [en]
clauses:
  - {number: "1", title: Respect, summary: Argue about views and leave people be., read_at: "https://example.org/code"}
severities:                       # message: leave, hide; member: none, nudge, warn, mute; moderators: none, escalate, urgent
  minor: {message: leave, member: nudge, moderators: none, strike: 0}
  medium: {message: leave, member: warn, moderators: none, strike: 1}
  serious: {message: hide, member: warn, moderators: escalate, strike: 2}
  grave: {message: hide, member: mute, moderators: urgent, strike: 4}
strikes: {half_life: 30d, window: 26w, lapse_after: 14d}
ladder: [{strikes: 1, answer: warn}, {strikes: 3, answer: mute, mute: 10m}]  # from so many strikes on; 28d at most
limits:                           # at most so many of a kind in the time; urgent calls have none
  {nudge: {count: 20, per: 1h}, warn: {count: 20, per: 1h}, hide: {count: 20, per: 1h}, mute: {count: 9, per: 1h},
   escalate: {count: 30, per: 1h}}
office_holders: [chair]
appeal_hours: 72
retention: {cases: 104w, reports: 104w, contacts: 90d, unjudged: 30d, audit: 312w}
routes: [{name: Branch officers, text: Write to the secretary.}]
episode_gap: 60m                  # may be absent, as may trigger_notes (a list of texts)
=== banks/attacks.yaml
name: attacks                     # as the file is called
kind: words                       # words, domains, accounts, images or reactions
masked: no                        # yes: notices never repeat these words
entries: [clown*, {entry: waste of space, reason: "said of people, never of views"}]
=== rules/personal-attack.yaml
id: personal-attack               # as the file is called
title: Attack on a person instead of their views
clause: "1"                       # or "1, 3"
status: enforce                   # off, shadow, review, enforce
severity: medium                  # also, where it applies: concern, characteristics
why: An insult alone may be aimed at a budget, so the rule also asks whom it is aimed at.
better: Say what is wrong with the view.
when:                             # all, any, not, and signals
  all:
    - any: [{score: {label: insult, at_least: 0.80}}, {words: attacks}]
    - aimed_at: person
    - not: {passes_on: quote}
examples:                         # two violations and two allowed at least, unless the status is off
  violations:
    - say: "@dana you clown"
      mentions: [dana]
      pair: clown
    - say: You are a waste of space
      reply_to: dana
      before:                     # also in histories: ago, and repeat with every
        - {ago: 3h, from: dana, say: Good morning}
        - {ago: 2m, say: Hello again, repeat: 3, every: 10s}
  allowed:
    - say: What a clown of a budget
      pair: clown
      note: The budget is no person.
    - shares: [{text: Minutes of the last meeting, link: "https://example.org/minutes"}]
    - say: The banner is finished    # an image: its hash, or nothing of it where it does not matter; spoiler: yes or no
      images: [{spoiler: yes}]
  another_rule: []                # may be absent, as may known_misses and known_false_alarms
=== ordinary-talk/budget.yaml
lines: [This budget is a disgrace]
histories:                        # lines, histories or both
  - title: A row that ends well
    messages:
      - {ago: 5m, from: alex, say: You never read the paper}
      - {ago: 0s, from: dana, say: I did and it is nonsense, mentions: [alex]}
"""

import hashlib
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace

from bot.compiler.source import Builder, Problem, Value, read, shown, silent, spell, suggest
from bot.core.model import ActionKind, Severity, Shared, Status
from bot.core.phrases import Meanings, PhraseIndex, spelt_out
from bot.core.policy import (
    EXAMPLES_MIN,
    FIGURES,
    MEANINGS,
    NO_TIME,
    SECOND,
    All,
    Any,
    Bank,
    Clause,
    Condition,
    Entry,
    Example,
    Examples,
    Not,
    Picture,
    Policy,
    Rule,
    Rung,
    Talk,
    Test,
)
from bot.core.signals import SIGNALS

T = typing.TypeVar("T")

FILE = re.compile(r"(policy|branch)\.yaml|(rules|banks|ordinary-talk)/[^/]+\.yaml")
FILES = "known: policy.yaml, branch.yaml, rules/NAME.yaml, banks/NAME.yaml, ordinary-talk/NAME.yaml"
BRANCH = "branch.yaml"
ADDED = ("office_holders", "office_contacts", "own_accounts", "under_18", "public_figures")
REPLACED = ("safeguarding_contact", "outside_contact", "routes")
"""What a branch says of itself in branch.yaml: to these lists of policy.yaml it adds, these it gives instead."""
NAMING_ACCOUNTS = ("office_holders", "under_18")
ACCOUNT = re.compile(r"discord/[0-9]{17,20}|slack/[UW][A-Z0-9]{5,}|(terminal/)?[A-Za-z0-9_.-]+")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DAY_WRITTEN = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
FOUNDED = ("reason", "evidence", "proposed_by", "seconded_by", "review_by")
FOUNDED_IMAGE = ("reason", "proposed_by", "seconded_by", "review_by")  # what shows it is the image, and nobody has to see that again
HASH, HASH_HINT = re.compile(r"[0-9a-f]{64}"), "write what `steward images hash FILE` prints: 64 of 0-9 and a-f, in quotation marks"
ENTRIES = {
    "domains": (re.compile(r"[^\s/:@?#A-Z]+\.[^\s/:@?#A-Z]+"), "write example.org: small letters, no https:// or www."),
    "accounts": (re.compile(r"[^\s/:@?#A-Z]+\.[^\s/:@?#A-Z]+/[^\s/?#A-Z]+"), "write x.com/somebody: small letters, no https:// or www."),
    "images": (HASH, HASH_HINT),
}


class PolicyError(Exception):
    """A policy has mistakes: all of them, in the order of the files."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def compile_policy(files: Mapping[str, str]) -> Policy:
    """Compile the files of a policy, path inside its folder -> text. Raises PolicyError with every problem."""
    problems = [Problem(file, 1, 1, "this file is no part of a policy", FILES) for file in files if not FILE.fullmatch(file)]
    if "policy.yaml" not in files:
        problems.append(Problem("policy.yaml", 1, 1, "the file is missing"))
    said = [file for file in files if FILE.fullmatch(file) and (file != BRANCH or re.search(r"^\s*[^\s#]", files[file], re.MULTILINE))]
    values = {file: read(file, files[file], problems) for file in sorted(said)}
    compiler = _Compiler()

    def inside(folder: str, compile_one: Callable[[Value], T]) -> tuple[T, ...]:
        return tuple(compile_one(value) for file, value in values.items() if file.startswith(folder))

    banks = compiler.banks = {bank.name: bank for bank in inside("banks/", compiler.bank)}
    root, talk = values.get("policy.yaml", silent("policy.yaml", problems)), inside("ordinary-talk/", compiler.talk)
    if BRANCH in values:
        root = _of_branch(root, values[BRANCH])
    nothing = PhraseIndex({})
    policy = compiler.build(
        Policy, root, digest=_digest(files), rules=(), banks=banks, index=nothing, meanings=Meanings({}), ordinary_talk=talk
    )
    compiler.clauses = [clause.number for clause in policy.clauses]
    compiler.refuse_sources(policy)
    if figures := compiler.figures(root.part("public_figures"), policy.public_figures):
        banks = compiler.banks = {**banks, FIGURES: figures}
        policy = replace(policy, banks=banks)
    compiler.characteristics = [one.name for one in policy.characteristics]
    rules = sorted(inside("rules/", compiler.rule), key=lambda rule: rule.id)
    names = [rule.id for rule in rules]
    if root.part("liking"):
        compiler.check_rules(root.part("liking").part("hate"), names)
    for file, value in values.items():
        if file.startswith("rules/"):
            compiler.check_rules(value.part("behind"), [name for name in names if name != _called(value)])
    if problems:
        raise PolicyError(tuple(sorted(set(problems))))
    phrases = {bank.name: [entry.entry for entry in bank.entries] for bank in banks.values() if bank.kind == "words"}
    meanings = Meanings({entry.entry: entry.reads for entry in banks[MEANINGS].entries} if MEANINGS in banks else {})
    return replace(policy, rules=tuple(rules), index=PhraseIndex(phrases), meanings=meanings)


def _of_branch(root: Value, branch: Value) -> Value:
    """What policy.yaml says, with what the branch says of itself: names beside its names, texts in their place."""
    said = dict(branch.keys())
    for name in [name for name in said if name not in (*ADDED, *REPLACED)]:
        said.pop(name)[0].problem(f"{shown(name)} has no place in branch.yaml", f"here stand {', '.join((*ADDED, *REPLACED))}")
    for name in NAMING_ACCOUNTS:
        for item in said[name][1].items() if name in said else ():
            if isinstance(item.content, str) and (not ACCOUNT.fullmatch(item.content) or item.content.isdecimal()):
                hint = "write discord/ and the number, or slack/ and the ID, one after '- ' or between commas"
                item.problem(f"{shown(item.content)} is no account", hint)
    for name in ADDED:
        if name in said and root.part(name):
            key, value = said[name]
            said[name] = (key, replace(value, content=(*root.part(name).items(), *value.items())))
    return replace(root, content={**root.content, **said}) if isinstance(root.content, Mapping) else root


def _digest(files: Mapping[str, str]) -> str:
    """Hash names and texts, each with its length, so that nothing can move from one to the other unseen."""
    parts = [part.encode("utf-8", "surrogatepass") for pair in sorted(files.items()) for part in pair]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in parts)).hexdigest()


def _called(value: Value) -> str:
    return value.file.rpartition("/")[2].removesuffix(".yaml")


def _either(value: Value, *names: str) -> None:
    if isinstance(value.content, Mapping) and not set(names) & value.content.keys():
        *first, last = (f"'{name}'" for name in names)
        value.problem(f"neither {', '.join(first)} nor {last} is here")


class _Compiler(Builder):
    """Reads what only a policy has, and checks what the types of fields cannot say."""

    def __init__(self) -> None:
        self.banks: Mapping[str, Bank] = {}
        self.clauses: Sequence[str] = ()
        self.characteristics: Sequence[str] = ()
        self.sources: list[tuple[Value, str]] = []

    def bank(self, value: Value) -> Bank:
        bank = self.build(Bank, value)
        seen: set[str] = set()
        for item, entry in zip(value.part("entries").items(), bank.entries, strict=False):
            if not entry.entry:
                continue
            spelt = [entry.entry]
            try:
                if bank.kind == "words":
                    PhraseIndex({bank.name: [entry.entry]})
                    spelt = spelt_out(entry.entry)
            except ValueError as error:
                item.problem(str(error))
            twice = [one for one in spelt if one.casefold() in seen]
            if twice:
                item.problem(f"{shown(twice[0])} stands here twice")
            seen.update(map(str.casefold, spelt))
            said = any((one.file, one.line) == (item.file, item.line) for one in item.problems)  # a key that is written wrong, say
            if bool(entry.reads) is not (bank.name == MEANINGS) and not said:
                what = f"{shown(entry.entry)} does not say what it means" if bank.name == MEANINGS else "'reads' has no place here"
                item.problem(what, f"in the bank {MEANINGS}, and there alone: {{entry: fag break, reads: cigarette break}}")
            form, hint = ENTRIES.get(bank.kind, (None, ""))
            if form and not form.fullmatch(entry.entry):
                item.problem(f"{shown(entry.entry)} is no entry for a bank of {bank.kind}", hint)
            if bank.kind in ENTRIES:
                self.source(item, entry, FOUNDED_IMAGE if bank.kind == "images" else FOUNDED)
        return bank

    def figures(self, value: Value, names: Sequence[str]) -> Bank | None:
        """The names of public life as a bank of words; None where the policy has none."""
        if FIGURES in self.banks:
            value.problem(f"the bank {FIGURES} is made of these names", f"write them here, and delete banks/{FIGURES}.yaml")
        for item, name in zip(value.items(), names, strict=False):
            try:
                PhraseIndex({FIGURES: [name]})
            except ValueError as error:
                item.problem(str(error))
        return Bank(name=FIGURES, kind="words", entries=tuple(Entry(entry=name) for name in dict.fromkeys(names))) if names else None

    def source(self, item: Value, entry: Entry, needed: Sequence[str]) -> None:
        """Check that an entry is well founded: two people, evidence, and a day on which it is looked at again."""
        missing = [name for name in needed if not getattr(entry, name)]
        if missing:
            what = "a source is founded on evidence" if "evidence" in needed else "a known image has a reason"
            item.problem(f"{shown(entry.entry)} has no {', '.join(missing)}", f"{what}, by two people, until a day")
        if entry.proposed_by and entry.proposed_by.casefold() == entry.seconded_by.casefold():
            item.problem(f"{shown(entry.entry)} was proposed and seconded by the same", "somebody else has to second it")
        if entry.review_by and not DAY_WRITTEN.fullmatch(entry.review_by):
            item.problem(f"{shown(entry.review_by)} is no day", "write 2027-03-31")
        self.sources.append((item, entry.entry))

    def refuse_sources(self, policy: Policy) -> None:
        """Members' own accounts and news titles that answer for what they print are nobody's abusive sources."""
        for item, entry in self.sources:
            if entry in policy.own_accounts:
                item.problem(f"{shown(entry)} is a member's own account", "speak to the member")
            if entry in policy.regulated_titles:
                item.problem(f"{shown(entry)} is a news title that answers for what it prints", "complain to its regulator")

    def check_rules(self, value: Value, rules: Sequence[str]) -> None:
        """Check that a list, where there is one, names rules of this policy that may stand in it."""
        for item in value.items() if value else ():
            if item.content and item.text() not in rules:
                item.problem(f"there is no rule {shown(item.text())} to name here", suggest(item.text(), rules))

    def talk(self, value: Value) -> Talk:
        _either(value, "lines", "histories")
        return self.build(Talk, value, name=_called(value))

    def rule(self, value: Value) -> Rule:
        noted = len(value.problems)
        rule = self.build(Rule, value)
        examples = value.part("examples")
        for name in ("violations", "allowed") if rule.status is not Status.OFF else ():
            number, listed = len(getattr(rule.examples, name)), examples.part(name)
            if number < EXAMPLES_MIN and (not listed or isinstance(listed.content, tuple)):
                text = f"{number or 'no'} example{'s' * (number != 1)} under '{name}', at least {EXAMPLES_MIN} are needed"
                (listed or examples or value).problem(text, "a rule without them must have the status 'off'")
        for name in rule.characteristics if self.characteristics else ():
            if name not in self.characteristics:
                value.part("characteristics").problem(
                    f"policy.yaml knows no characteristic {shown(name)}", suggest(name, self.characteristics)
                )
        if rule.note and rule.severity is not Severity.MINOR:
            value.part("note").problem("only a rule of severity minor may have a note instead of a notice")
        if rule.consent and not rule.note:
            value.part("consent").problem("whoever is asked reads a note: write one")
        everything = [example for one in fields(Examples) for example in getattr(rule.examples, one.name)]
        pairs = [example.pair for example in everything if example.pair and len(value.problems) == noted]
        for pair in pairs:
            if pairs.count(pair) == 1:
                examples.problem(f"only one example belongs to the pair {shown(pair)}", suggest(pair, [p for p in pairs if p != pair]))
        return rule

    def read_name(self, value: Value) -> str:
        name = value.text()
        if name and not NAME.fullmatch(name):
            value.problem(f"{shown(name)} is no name", "use small letters, digits and hyphens")
        return name

    def read_name_of_file(self, value: Value) -> str:
        """Read the name of what a file holds; it must be the file's, and so is the only one of its kind."""
        name, called = self.read_name(value), _called(value)
        if NAME.fullmatch(name) and name != called:
            value.problem(f"the file is called '{called}', and here stands '{name}'", "both must be the same")
        return called

    def read_clauses(self, value: Value) -> tuple[Clause, ...]:
        clauses: dict[str, Clause] = {}
        for item in value.items(least=1):
            clause = self.build(Clause, item)
            if clause.number in clauses:
                item.part("number").problem(f"clause {shown(clause.number)} stands here twice")
            if "," in clause.number:
                item.part("number").problem("the number of a clause has no comma", "give each clause an entry of its own")
            clauses[clause.number] = clause
        return tuple(clauses.values())

    def read_clauses_served(self, value: Value) -> tuple[str, ...]:
        numbers = tuple(part.strip() for part in value.text().split(","))
        for number in numbers:
            if self.clauses and number not in self.clauses:
                value.problem(f"there is no clause {shown(number)}", suggest(number, self.clauses))
        return numbers

    def read_bank(self, value: Value, kinds: str) -> str:
        name = value.one_of(self.banks, "a bank")
        kind = self.banks[name].kind if name else ""
        if kind and kind not in kinds.split():
            value.problem(f"'{name}' is a bank of {kind}", f"a bank of {kinds.replace(' ', ' or ')} is expected")
        return name

    def read_ladder(self, value: Value) -> tuple[Rung, ...]:
        rungs: list[Rung] = []
        for item in value.items(least=1):
            noted = len(value.problems)
            rung = self.build(Rung, item)
            if len(value.problems) > noted:
                continue
            if (rung.answer is ActionKind.MUTE) != (rung.mute is not None):
                item.problem("a mute needs its time, and nothing else has one", "write {strikes: 3, answer: mute, mute: 10m}")
            elif rungs and (rung.strikes <= rungs[-1].strikes or (rung.mute or NO_TIME) < (rungs[-1].mute or NO_TIME)):
                item.problem("the ladder must rise", "more strikes than the rung before, and an answer at least as strong")
            rungs.append(rung)
        return tuple(rungs)

    def read_condition(self, value: Value) -> Condition:
        entries = list(value.keys().values())
        if len(entries) != 1:
            if isinstance(value.content, Mapping):
                value.problem(f"one condition is expected here, not {len(entries)}", "list several under all: or any:")
            return All(())
        key, inside = entries[0]
        name = key.one_of(("all", "any", "not", *SIGNALS), "a signal")
        if name == "not":
            return Not(self.read_condition(inside))
        if name in {"all", "any"}:
            parts = tuple(map(self.read_condition, inside.items(least=1)))
            return All(parts) if name == "all" else Any(parts)
        return Test(self.build(SIGNALS[name], inside)) if name else All(())

    def read_shares(self, value: Value) -> tuple[Shared, ...]:
        for item in value.items(least=1):
            _either(item, "text", "link")
        return tuple(self.build(Shared, item, domain="", account="") for item in value.items())

    def read_pictures(self, value: Value) -> tuple[Picture, ...]:
        pictures = tuple(self.build(Picture, item) for item in value.items(least=1))
        for item, picture in zip(value.items(), pictures, strict=False):
            if picture.hash and not HASH.fullmatch(picture.hash):
                (item.part("hash") or item).problem(f"{shown(picture.hash)} is no hash of an image", HASH_HINT)
        return pictures

    def read_examples(self, value: Value) -> tuple[Example, ...]:
        return tuple(self._message(item, ago=NO_TIME, repeat=1, every=SECOND) for item in value.items())

    def read_conversation(self, value: Value) -> tuple[Example, ...]:
        """Read messages, with every repetition as one of them, oldest first."""
        said: list[Example] = []
        for item in value.items(least=1):
            one = self._message(item, before=(), pair="", note="")
            lasts = one.every * (one.repeat - 1)
            if lasts > one.ago:
                item.problem("the repetitions go on after the end", f"begin {spell(lasts)} before it at least")
            said += (replace(one, ago=one.ago - one.every * n, repeat=1, every=SECOND) for n in range(one.repeat))
        return tuple(sorted(said, key=lambda message: message.ago, reverse=True))

    def _message(self, value: Value, **given: object) -> Example:
        if not (isinstance(value.content, Mapping) and "refuses" in value.content and "before" in given):
            _either(value, "say", "shares", "images")
        return self.build(Example, value, **given)
