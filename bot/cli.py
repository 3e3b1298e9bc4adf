"""The command line: wires the parts together; nobody else does.

Knows: every part. Must not know: how any of them works.
Rules: bad input is one clear line on standard error and exit code 2, never a traceback; progress bars and colours only on a
terminal; what is said with --help is enough to use it.
"""

import asyncio
import itertools
import json
import os
import select
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO

import structlog
import typer
from rich.console import Console as Screen
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.casebook import Casebook, Parts
from bot.clocks import ReplayClock, SystemClock
from bot.commands import Asker, Desk
from bot.core.cases import NotAllowedError
from bot.core.judge import judge, texts_to_score
from bot.core.model import Context, Message, Scored, Status, Verdict
from bot.core.notices import because
from bot.core.policy import Policy, PolicyError, compile_policy
from bot.examples import Proof, prove, spoken
from bot.folders import DEFAULT_POLICY, FolderError, code_digest, find_policy, load_sentences, read_policy_files
from bot.outbox import Outbox
from bot.platforms import terminal as terminals
from bot.platforms.console import Console
from bot.platforms.terminal import Terminal
from bot.ports import Clock, Platform
from bot.replay import Summary, TranscriptError, finding_json, read_transcript, replay
from bot.service import Outcome, Service
from bot.settings import Settings, SettingsError, load_settings
from bot.store.records import CaseDetail, Hashes
from bot.store.store import Store, StoreError
from bot.toxicity.embedded import HERE, EmbeddedScorer, ScorerError

app = typer.Typer(
    name="steward",
    help="Keeps the chat of a local party decent: judges messages against a written code of conduct, explains, can be appealed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
policy_app = typer.Typer(no_args_is_help=True, help="Check, test and explain a policy.", rich_markup_mode=None)
case_app = typer.Typer(no_args_is_help=True, help="Look into a recorded case.", rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, help="The audit trail.", rich_markup_mode=None)
app.add_typer(policy_app, name="policy")
app.add_typer(case_app, name="case")
app.add_typer(audit_app, name="audit")

SAMPLE_MODERATORS = frozenset({"morgan", "robin"})


class PolicyFailedError(Exception):
    """The policy does not do what its examples promise."""


OPERATOR_ERRORS = (FolderError, NotAllowedError, PolicyError, PolicyFailedError, ScorerError, SettingsError, StoreError, TranscriptError)

PolicyOption = Annotated[str, typer.Option("--policy", metavar="DIR", help="A policy's folder, or the name of a shipped one.")]
KeepOption = Annotated[Path | None, typer.Option("--keep", metavar="PATH", help="Keep the database in this file. It must not exist yet.")]


def main() -> None:
    """Run the command line; an operator's mistake is one clear text and exit code 2."""
    try:
        app()
    except OPERATOR_ERRORS as error:
        for line in str(error).splitlines():
            typer.echo(f"steward: {line}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


# Wiring.


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy with its files."""

    policy: Policy
    source: Mapping[str, str]


def load(name: str) -> Loaded:
    """Read and compile a policy."""
    source = read_policy_files(find_policy(name))
    return Loaded(compile_policy(source), source)


def load_scorer(folder: Path | None = None, workers: int | None = None) -> EmbeddedScorer:
    """The embedded model, or one in another folder."""
    return EmbeddedScorer(folder or HERE, workers=workers)


def crash_at(point: str) -> Callable[[str], None]:
    """For tests of crashes: kill this process the n-th time it comes to a point, written as "scored:3"."""
    name, _, times = point.partition(":")
    left = int(times or 1)

    def reached(there: str) -> None:
        nonlocal left
        if there == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


def quiet() -> None:
    """Log warnings and worse to standard error, one line each."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def loud() -> None:
    """Log what happens too: ids and names of rules, never a text."""
    quiet()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))


@asynccontextmanager
async def a_store(url: str, on_point: Callable[[str], None] = lambda _: None) -> AsyncIterator[Store]:
    """Open the record and close it again."""
    store = await Store.open(url, on_point=on_point)
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def fresh_database(keep: Path | None) -> Iterator[str]:
    """The address of a new database: a temporary one, or the file to keep."""
    if keep:
        if keep.exists():
            raise StoreError(f"{keep} is there already: name a file that does not exist yet")
        yield f"sqlite+aiosqlite:///{keep}"
        return
    with tempfile.TemporaryDirectory(prefix="steward-") as folder:
        yield f"sqlite+aiosqlite:///{folder}/steward.db"


@asynccontextmanager
async def simulation(
    policy: str, keep: Path | None, begin: datetime, platform: Platform | None, on_outcome: Callable[[Outcome], None], workers: int | None
) -> AsyncIterator[tuple[Service, Desk, Outbox]]:
    """A service on a fresh database, enforcing, in which each answer is given before the next message is judged."""
    loaded = load(policy)
    clock = ReplayClock(begin)
    async with AsyncExitStack() as stack:
        url = stack.enter_context(fresh_database(keep))
        scorer = load_scorer(workers=workers)
        stack.push_async_callback(scorer.close)
        store = await stack.enter_async_context(a_store(url))
        platforms = {platform.name: platform} if platform else {}
        parts = Parts(
            community="main",
            store=store,
            scorer=scorer,
            policy=loaded.policy,
            policy_source=loaded.source,
            sentences=load_sentences(),
            clock=clock,
            mode=Status.ENFORCE,
            moderators=SAMPLE_MODERATORS if platform else frozenset(),
            platforms=platforms,
        )
        outbox = Outbox(store, "main", platforms, clock, simulate=platform is None)
        casebook = Casebook(parts)

        async def perform(*, new: bool) -> None:
            if new:
                while await outbox.perform_due():
                    pass
            await casebook.look_after_if_due()

        service = Service(parts, waits=True, committed=lambda new: perform(new=new), on_outcome=on_outcome)
        running = asyncio.create_task(service.run())
        try:
            yield service, Desk(parts), outbox
        finally:
            running.cancel()
            await asyncio.wait([running])
        if not running.cancelled() and running.exception():
            raise running.exception()  # type: ignore[misc]


def run_async(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; of a group of errors the operator's own is shown."""
    try:
        asyncio.run(work)
    except ExceptionGroup as group:
        known: Exception | None = group.subgroup(OPERATOR_ERRORS)
        while isinstance(known, ExceptionGroup):
            known = known.exceptions[0]
        raise known or group from None


# Commands.


@app.command("try")
def try_it(policy: PolicyOption = DEFAULT_POLICY, keep: KeepOption = None) -> None:
    """Watch a small party chat being moderated, then talk in it yourself.

    Uses a fresh database and enforces the policy; nothing leaves the machine. Without a terminal it plays the sample and ends.
    """
    quiet()
    run_async(_try(policy, keep))


async def _try(policy: str, keep: Path | None) -> None:
    screen = Screen(highlight=False, soft_wrap=not sys.stdout.isatty())
    terminal = Terminal(screen, community="main")
    begin = terminals.sample(datetime.now(UTC))[0].sent_at
    async with simulation(policy, keep, begin, terminal, terminal.marked, None) as (service, desk, outbox):
        await terminal.listen(lambda message: _one_by_one(service, message))
        if sys.stdin.isatty() and sys.stdout.isatty():
            await terminals.talk(terminal, service, desk, outbox.perform_due)
        else:
            screen.print("")
            screen.print(await desk.ask("/cases", Asker(account="morgan", platform=terminal.name)), markup=False)


async def _one_by_one(service: Service, message: Message) -> None:
    service.learn(message.author, message.author)
    await service.accept(message)
    await service.drained()


@app.command("replay")
def replay_it(
    file: Annotated[Path, typer.Argument(help="A transcript: one JSON object a line (id, room, author, text, sent_at, ...).")],
    policy: PolicyOption = DEFAULT_POLICY,
    out: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write one JSON line per message to this file.")] = None,
    keep: KeepOption = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Threads that score; as many as processors unless told.")] = None,
) -> None:
    """Send a transcript through the whole service, as if it happened now, and sum up what Steward would have done."""
    quiet()
    run_async(_replay(file, policy, out, keep, workers))


async def _replay(file: Path, policy: str, out: Path | None, keep: Path | None, workers: int | None) -> None:
    lines = read_transcript(file)
    first = next(lines)
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
    with _written(out) as opened, _progress(file) as tick:
        async with simulation(policy, keep, first.sent_at, None, outcomes.put_nowait, workers) as (service, _, _):
            summary = await replay(itertools.chain([first], lines), service, outcomes, out=opened, tick=tick)
    typer.echo(_summary(summary))


def _summary(summary: Summary) -> str:
    """The summary of a replay, by rule."""
    share = 100 * summary.flagged / summary.messages
    lines = [
        f"{summary.messages:,} messages, {summary.flagged:,} with a finding of a rule in review or enforce ({share:.2f} %), "
        f"{len(summary.cases):,} cases, {summary.unjudged:,} not fully judged, {summary.muted:,} said during a simulated mute"
    ]
    for (rule, status), count in sorted(summary.findings.items(), key=lambda one: (-one[1], one[0])):
        lines.append(f"  {count:7,}  {rule} ({status})")
    if summary.actions:
        lines.append("actions: " + ", ".join(f"{count:,} {kind}" for kind, count in summary.actions.most_common()))
    return "\n".join(lines)


@contextmanager
def _written(out: Path | None) -> Iterator[TextIO | None]:
    """The file for JSON lines, if there is to be one."""
    if out is None:
        yield None
        return
    try:
        file = out.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise TranscriptError(f"{out} cannot be written: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with file.open("rb") as opened:
        total = sum(1 for _ in opened)
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Screen(stderr=True), transient=True) as progress:
        task = progress.add_task("judging", total=total)
        yield lambda done: progress.update(task, completed=done)


@app.command()
def run(
    check: Annotated[bool, typer.Option(help="Prove the policy first if that was not done with this model yet.")] = True,
) -> None:
    """Moderate the platforms that the settings name, until stopped.

    Settings are environment variables; the README lists them. SIGHUP loads the policy again.
    """
    loud()
    run_async(_run(load_settings(), check=check))


async def _run(settings: Settings, *, check: bool) -> None:
    on_point = crash_at(settings.crash_at) if settings.crash_at else lambda _: None
    loaded, clock = load(settings.policy), SystemClock()
    async with AsyncExitStack() as stack:
        scorer = load_scorer(settings.model)
        stack.push_async_callback(scorer.close)
        store = await stack.enter_async_context(a_store(settings.database_url, on_point))
        platforms = _platforms(settings)
        mode = Status[settings.mode.upper()]
        if mode is Status.ENFORCE and check:
            await _must_pass(loaded.policy, scorer, store, settings.community)
        parts = Parts(
            community=settings.community,
            store=store,
            scorer=scorer,
            policy=loaded.policy,
            policy_source=loaded.source,
            sentences=load_sentences(),
            clock=clock,
            mode=mode,
            moderators=frozenset(settings.moderators.replace(",", " ").split()),
            platforms=platforms,
        )
        outbox = Outbox(store, settings.community, platforms, clock, on_point=on_point)
        await _serve(parts, outbox, on_point)


async def _serve(parts: Parts, outbox: Outbox, on_point: Callable[[str], None]) -> None:
    """Judge, perform and listen until every platform has ended or the process is told to stop."""

    async def committed(new: bool) -> None:  # noqa: FBT001 - a callback
        if new:
            outbox.wake()

    service = Service(parts, waits=set(parts.platforms) == {Console.name}, committed=committed, on_point=on_point)
    await service.start()
    await outbox.recover()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: _reload(service))
    async with asyncio.TaskGroup() as tasks:
        background = [tasks.create_task(service.run()), tasks.create_task(outbox.run(service.casebook.look_after))]
        listening = [tasks.create_task(_listen(platform, service)) for platform in parts.platforms.values()]
        told = tasks.create_task(stop.wait())
        everything = asyncio.gather(*listening)
        await asyncio.wait([asyncio.ensure_future(everything), told], return_when=asyncio.FIRST_COMPLETED)
        everything.cancel()
        await service.drained()
        while await outbox.perform_due():
            pass
        told.cancel()
        for task in (*background, *listening):
            task.cancel()


async def _listen(platform: Platform, service: Service) -> None:
    """Catch up what was missed, and listen on meanwhile."""

    async def accept(message: Message) -> None:
        service.learn(message.author, message.author)
        await service.accept(message)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(service.catch_up(platform, late=True))
        tasks.create_task(platform.listen(accept))


def _reload(service: Service) -> None:
    """Load the policy again; a broken one keeps the old."""
    log = structlog.get_logger()
    try:
        loaded = load(load_settings().policy)
    except OPERATOR_ERRORS as error:
        log.error("the policy was not loaded again: the old one stays", error=str(error))
        return
    service.use_policy(loaded.policy, loaded.source)
    log.info("policy loaded again", policy=loaded.policy.digest)


def _platforms(settings: Settings) -> dict[str, Platform]:
    """The platforms that the settings name. Raises SettingsError where there is none."""
    platforms: dict[str, Platform] = {}
    if settings.console_in:
        done = settings.console_out or settings.console_in.with_suffix(".done.jsonl")
        platforms[Console.name] = Console(settings.console_in, done, community=settings.community)
    if not platforms:
        raise SettingsError("no platform is set: name a file in STEWARD_CONSOLE_IN, or run `steward try` to talk in the terminal")
    return platforms


async def _must_pass(policy: Policy, scorer: EmbeddedScorer, store: Store, community: str) -> None:
    """A policy that fails its own examples, or that finds ordinary talk, is not enforced."""
    hashes = Hashes(policy=policy.digest, model=scorer.digest, code=code_digest())
    async with store.transaction(community, datetime.now(UTC)) as transaction:
        passed = await transaction.check_passed(hashes)
    if passed is None:
        passed = (await asyncio.to_thread(prove, policy, scorer.score_now, coverage=False)).passed
        async with store.transaction(community, datetime.now(UTC)) as transaction:
            await transaction.remember_check(hashes, passed=passed)
    if not passed:
        raise PolicyFailedError("the policy fails its own examples, so it is not enforced: see `steward policy test`, or set STEWARD_MODE=shadow")


@app.command()
def check(
    text: Annotated[str, typer.Argument(help="What somebody might say.")],
    to: Annotated[str, typer.Option(metavar="NAME", help="The member it answers.")] = "",
    policy: PolicyOption = DEFAULT_POLICY,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of text.")] = False,
) -> None:
    """Say how a message would be judged, and why. Nothing is recorded."""
    loaded, scorer = load(policy).policy, load_scorer(workers=1)
    mentions = tuple(dict.fromkeys(terminals.MENTIONED.findall(text)))
    message = Message(
        community="main", platform="check", room="room", id="1", author="sam", text=text, sent_at=datetime.now(UTC), reply_author=to, mentions=mentions
    )
    people = {name.casefold(): name for name in (*mentions, to) if name}
    context = Context(people=people, office_holders=frozenset(loaded.office_holders))
    scores = tuple(scorer.score_now(one.text, one.pointed_out) for one in texts_to_score(message, context, loaded))
    verdict = judge(message, replace(context, scores=scores), loaded)
    typer.echo(json.dumps(_verdict_json(verdict), ensure_ascii=False) if as_json else _explained(verdict, loaded))


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "findings": [finding_json(finding) for finding in verdict.findings],
        "unjudged": [{"rule": one.rule, "reason": one.reason} for one in verdict.unjudged],
        "segments": [
            {"role": str(segment.role), "scores": {label: round(value, 4) for label, value in scored.values.items()}}
            for segment, scored in zip(verdict.segments, verdict.scores, strict=True)
        ],
    }


def _explained(verdict: Verdict, policy: Policy) -> str:
    """A verdict in words."""
    lines = []
    for finding in verdict.findings:
        rule = policy.rule(finding.rule)
        lines.append(f"{rule.title} ({finding.rule}, clause {', '.join(finding.clauses)}, {finding.severity}, {finding.status}): {because(finding)}")
    lines += [f"Not judged by {one.rule}: {one.reason}" for one in verdict.unjudged]
    lines = lines or ["No rule finds anything."]
    for segment, scored in zip(verdict.segments, verdict.scores, strict=True):
        lines.append(f"{segment.role}: " + ", ".join(f"{label} {value:.2f}" for label, value in scored.values.items()))
    return "\n".join(lines)


@app.command()
def score(
    plain: Annotated[bool, typer.Option("--plain", help='Lines are plain text instead of {"text": ...}.')] = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Threads that score; as many as processors unless told.")] = None,
) -> None:
    """Score texts from standard input: a line of JSON in, {"scores": {label: 0..1}} out, in the same order, as they come."""
    scorer = load_scorer(workers=workers)
    count = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[Any]] = deque()
        for number, line in enumerate(sys.stdin.buffer, start=1):
            waiting.append(pool.submit(scorer.score_now, _text_of(line, number, plain=plain)))
            while waiting and (len(waiting) >= SCORES_WAITING_MAX or waiting[0].done()):
                _write_scores(waiting.popleft().result())
            if not select.select([sys.stdin.buffer], [], [], 0)[0]:
                while waiting:
                    _write_scores(waiting.popleft().result())
        while waiting:
            _write_scores(waiting.popleft().result())


SCORES_WAITING_MAX = 64
"""Texts on their way at once."""


def _text_of(line: bytes, number: int, *, plain: bool) -> str:
    """The text of one line of standard input."""
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if plain:
        return text
    try:
        return str(json.loads(text)["text"])
    except (json.JSONDecodeError, KeyError, TypeError, RecursionError) as error:
        raise TranscriptError(f'line {number} of standard input is not {{"text": ...}}; for plain lines use --plain') from error


def _write_scores(scored: Scored) -> None:
    line: dict[str, Any] = {"scores": {label: round(value, 6) for label, value in scored.values.items()}}
    if scored.missing:
        line["missing"] = scored.missing
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


# Policies, cases, the audit trail.

PolicyArgument = Annotated[str, typer.Argument(help="A policy's folder, or the name of a shipped one.")]


@policy_app.command("check")
def policy_check(policy: PolicyArgument = DEFAULT_POLICY) -> None:
    """Say whether a policy can be loaded: every mistake at once, with its place."""
    loaded = load(policy).policy
    typer.echo(f"{loaded.title}: {len(loaded.rules)} rules, {len(loaded.clauses)} clauses, {len(loaded.banks)} banks. No mistakes.")


@policy_app.command("test")
def policy_test(policy: PolicyArgument = DEFAULT_POLICY) -> None:
    """Run a policy's examples and its ordinary talk with the real model, and say which conditions no example needs."""
    loaded, scorer = load(policy).policy, load_scorer(workers=1)
    proof = prove(loaded, scorer.score_now)
    for failure in proof.failures:
        typer.echo(f"  {failure}")
    typer.echo(_proof(loaded, proof))
    if not proof.passed:
        raise typer.Exit(1)


def _proof(policy: Policy, proof: Proof) -> str:
    """The false alarms of each rule, and the sum."""
    width = max(len(rule.id) for rule in policy.rules)
    lines = [f"{rule.id:<{width}}  {rule.status!s:<8} ordinary talk: {proof.alarms.get(rule.id, 0)} of {proof.talk}" for rule in policy.rules]
    return "\n".join([*lines, f"{proof.examples} examples, {proof.talk} messages of ordinary talk, {len(proof.failures)} wrong."])


@policy_app.command("explain")
def policy_explain(
    rule: Annotated[str, typer.Argument(help="A rule's id; every rule where none is named.")] = "", policy: PolicyOption = DEFAULT_POLICY
) -> None:
    """Say in words what rules do and why."""
    loaded = load(policy).policy
    known = [one for one in loaded.rules if rule in ("", one.id)]
    if not known:
        raise FolderError(f"there is no rule '{rule}': the rules are {', '.join(one.id for one in loaded.rules)}")
    for one in known:
        answers = loaded.severities[one.severity]
        does = [f"the message is {'hidden' if answers.hides else 'left'}", f"the member gets {answers.member or 'nothing'} (more by the ladder)"]
        typer.echo(f"{one.title} ({one.id})")
        typer.echo(f"  clause {', '.join(one.clauses)}; {one.status}; {one.severity}: {', '.join(does)}, moderators: {answers.moderators or 'nothing'}")
        typer.echo(f"  {' '.join(one.why.split())}")
        typer.echo(f"  when {spoken(one.when)}")


@case_app.command("replay")
def case_replay(number: Annotated[int, typer.Argument(help="The case's number.")]) -> None:
    """Judge a recorded case again, with the policy of its day and its recorded scores, and compare."""
    quiet()
    run_async(_case_replay(load_settings(), number))


async def _case_replay(settings: Settings, number: int) -> None:
    async with a_store(settings.database_url) as store:
        async with store.transaction(settings.community, datetime.now(UTC)) as transaction:
            detail = await transaction.case_detail(number)
            source = await transaction.policy_source(detail.hashes.policy) if detail else None
    if detail is None or source is None:
        raise StoreError(f"there is no case {number} in {settings.database_url}")
    policy = compile_policy(json.loads(source))
    same = True
    for one in detail.messages:
        verdict = judge(one.message, replace(one.context, scores=one.scores), policy)
        before = {each.finding.rule for each in detail.findings if each.step == one.step}
        now = {finding.rule for finding in verdict.findings}
        same = same and before == now
        typer.echo(f"message {one.message.id}: {', '.join(sorted(now)) or 'no finding'}" + ("" if before == now else f" (recorded: {', '.join(sorted(before))})"))
    typer.echo(f"case {number}: " + ("the same verdict" if same else "ANOTHER verdict") + _code_note(detail))
    if not same:
        raise typer.Exit(1)


def _code_note(detail: CaseDetail) -> str:
    return "" if detail.hashes.code == code_digest() else " (the program has changed since)"


@audit_app.command("verify")
def audit_verify() -> None:
    """Prove that no entry of the audit trail was changed, removed or put in between."""
    quiet()
    run_async(_audit_verify(load_settings()))


async def _audit_verify(settings: Settings) -> None:
    async with a_store(settings.database_url) as store:
        async with store.transaction(settings.community, datetime.now(UTC)) as transaction:
            broken = await transaction.audit_verify()
    if broken:
        typer.echo(f"entry {broken.sequence} is broken: {broken.reason}", err=True)
        raise typer.Exit(1)
    typer.echo("the audit trail is whole")
