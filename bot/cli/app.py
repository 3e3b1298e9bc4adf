"""The command line: wires the parts together; nobody else does.

Knows: every part. Must not know: how any of them works.
Rules: bad input is one clear line on standard error and exit code 2, never a traceback; progress bars and colours only on a
terminal; what is said with --help is enough to use it.
"""

import asyncio
import itertools
import json
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console as Screen
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli import showing
from bot.cli.examining import examine_discord, examine_slack
from bot.cli.images import images_app
from bot.cli.scoring import LineError, run_app, score
from bot.cli.wiring import (
    OPERATOR_ERRORS,
    a_store,
    load,
    load_scorer,
    loud,
    moderate,
    no_platform,
    quiet,
    run_async,
    simulation,
)
from bot.commands import Asker
from bot.core.judge import judge, texts_to_score
from bot.core.model import Context, Message
from bot.core.naming import one_line, plain
from bot.coverage import coverage
from bot.examples import prove
from bot.facts import facts_of
from bot.folders import DEFAULT_POLICY, FolderError, code_digest, compiled, load_sentences
from bot.orders import NUMBER_DIGITS_MAX
from bot.platforms import terminal as terminals
from bot.platforms.terminal import Terminal
from bot.replay import TranscriptError, read_transcript, replay
from bot.reporting import forgotten
from bot.service import Outcome, Service
from bot.settings import Settings, SettingsError, load_settings
from bot.store.records import CaseDetail
from bot.store.store import StoreError
from bot.toxicity.choosing import convert

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
data_app = typer.Typer(no_args_is_help=True, help="What is kept about members.", rich_markup_mode=None)
model_app = typer.Typer(no_args_is_help=True, help="Other models than the one that ships.", rich_markup_mode=None)
app.add_typer(policy_app, name="policy")
app.add_typer(case_app, name="case")
app.add_typer(audit_app, name="audit")
app.add_typer(model_app, name="model")
app.add_typer(data_app, name="data")
app.add_typer(images_app, name="images")

YesOption = Annotated[bool, typer.Option("--yes", help="Delete it without asking.")]
PolicyOption = Annotated[str, typer.Option("--policy", metavar="DIR", help="A policy's folder, or the name of a shipped one.")]
KeepOption = Annotated[Path | None, typer.Option("--keep", metavar="PATH", help="Keep the database in this file. It must not exist yet.")]


def main() -> None:
    """Run the command line; an operator's mistake is one clear text and exit code 2."""
    run_app(app, (*OPERATOR_ERRORS, LineError))


@app.command("try")
def try_it(policy: PolicyOption = DEFAULT_POLICY, keep: KeepOption = None) -> None:
    """Watch a small party chat being moderated, then talk in it yourself.

    Uses a fresh database and enforces the policy; nothing leaves the machine. Without a terminal it plays the sample, reads what was piped
    in, a message or command a line, and ends.
    """
    quiet()
    run_async(_try(policy, keep))


async def _try(policy: str, keep: Path | None) -> None:
    screen = Screen(highlight=False, soft_wrap=not sys.stdout.isatty())
    terminal = Terminal(screen, community="main")
    begin = terminals.sample(datetime.now(UTC))[0].sent_at
    async with simulation(policy, begin, terminal.marked, keep=keep, platform=terminal) as (service, desk, outbox):
        await terminal.listen(lambda message: _one_by_one(service, message))
        if _somebody_speaks():
            await terminals.talk(terminal, service, desk, outbox.perform_due)
        else:
            screen.print("")
            screen.print(plain(await desk.ask("/cases", Asker(account="morgan", platform=terminal.name))), markup=False)


def _somebody_speaks() -> bool:
    """Whether a person sits at a terminal, or lines wait on an input that is none; does not wait for any."""
    if sys.stdin is None:  # closed by whoever started the program
        return False
    if sys.stdin.isatty():
        return sys.stdout.isatty()
    return bool(select.select([sys.stdin.buffer], [], [], 0)[0] and sys.stdin.buffer.peek(1))  # type: ignore[union-attr]  # it is buffered


async def _one_by_one(service: Service, message: Message) -> None:
    service.learn(message.author, message.author)
    await service.accept(message)
    await service.drained()


@app.command()
def doctor(
    discord: Annotated[bool, typer.Option("--discord", help="Look at the Discord bot.")] = False,
    slack: Annotated[bool, typer.Option("--slack", help="Look at the Slack app.")] = False,
) -> None:
    """Check tokens, permissions and rooms, and say which switch to press where.

    Without an option it looks at every chat that the settings name. The exit code is 1 where something is wrong.
    """
    quiet()
    settings = load_settings()
    neither = not (discord or slack)
    wrong = 0
    if discord or (neither and settings.discord_token):
        wrong |= asyncio.run(examine_discord(settings, typer.echo))
    if slack or (neither and settings.slack_bot_token):
        wrong |= asyncio.run(examine_slack(settings, typer.echo))
    if neither and not (settings.discord_token or settings.slack_bot_token):
        raise SettingsError(no_platform())
    sys.exit(wrong)


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
        async with simulation(policy, first.sent_at, outcomes.put_nowait, keep=keep, workers=workers) as (service, _, _):
            summary = await replay(itertools.chain([first], lines), service, outcomes, out=opened, tick=tick)
    typer.echo(showing.summary_in_words(summary))


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
def run() -> None:
    """Moderate the platforms that the settings name, until stopped.

    Settings are environment variables; the README lists them. SIGHUP loads the policy again.
    """
    loud()
    run_async(moderate(load_settings()))


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
        community="main",
        platform="check",
        room="room",
        id="1",
        author="sam",
        text=text,
        sent_at=datetime.now(UTC),
        reply_author=to,
        mentions=mentions,
    )
    people = {name.casefold(): name for name in (*mentions, to) if name}
    context = Context(people=people, office_holders=frozenset(loaded.office_holders), under_18=frozenset(loaded.under_18))
    context = replace(context, facts=facts_of(message, context, loaded))
    texts = texts_to_score(message, context, loaded)
    scores = tuple(one.scored_by(scorer.score_now) for one in texts)
    verdict = judge(message, replace(context, scores=scores), loaded)
    if as_json:
        typer.echo(json.dumps(showing.verdict_json(verdict, texts)))
        return
    typer.echo(showing.verdict_in_words(verdict, loaded))
    if read := showing.readings_in_words(verdict, texts):
        typer.echo(read)


app.command()(score)


# Policies, cases, the audit trail.

PolicyArgument = Annotated[str, typer.Argument(help="A policy's folder, or the name of a shipped one.")]


@policy_app.command("check")
def policy_check(policy: PolicyArgument = DEFAULT_POLICY) -> None:
    """Say whether a policy can be loaded: every mistake at once, with its place."""
    loaded = load(policy).policy
    typer.echo(f"{loaded.title}: {len(loaded.rules)} rules, {len(loaded.clauses)} clauses, {len(loaded.banks)} banks. No mistakes.")
    typer.echo(f"Your branch: {len(loaded.office_holders)} office holders, {len(loaded.under_18)} members under 18 (branch.yaml).")


@policy_app.command("test")
def policy_test(policy: PolicyArgument = DEFAULT_POLICY) -> None:
    """Run a policy's examples and its ordinary talk with the real model, and say which conditions no example needs."""
    loaded, scorer = load(policy).policy, load_scorer(workers=1)
    proof = prove(loaded, scorer.score_now)
    for failure in proof.failures:
        typer.echo(f"  {failure}")
    typer.echo(showing.proof_in_words(loaded, proof))
    if not proof.passed:
        raise typer.Exit(1)


@policy_app.command("coverage")
def policy_coverage(policy: PolicyArgument = DEFAULT_POLICY) -> None:
    """Say for each clause which rules serve it and what Steward does."""
    typer.echo(coverage(load(policy).policy), nl=False)


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
        typer.echo(showing.rule_in_words(one, loaded))


def _number(said: str) -> int:
    """The number of a case or report. Raises LineError."""
    if not (said.isascii() and said.isdecimal() and 0 < int(said[: NUMBER_DIGITS_MAX + 1]) < 10**NUMBER_DIGITS_MAX):
        raise LineError(f"“{one_line(said)}” is not a number of a case or report: those are 1, 2, 3 and so on")
    return int(said)


@case_app.command("replay")
def case_replay(number: Annotated[int, typer.Argument(parser=_number, metavar="NUMBER", help="The case's number.")]) -> None:
    """Judge a recorded case again, with the policy of its day and its recorded scores, and compare."""
    quiet()
    run_async(_case_replay(load_settings(), number))


async def _case_replay(settings: Settings, number: int) -> None:
    store_of = a_store(settings.database_url, create=False)
    async with store_of as store, store.transaction(settings.community, datetime.now(UTC)) as transaction:
        detail = await transaction.case_detail(number)
        source = await transaction.policy_source(detail.hashes.policy) if detail else None
    if detail is None or source is None:
        raise StoreError(f"there is no case {number} in {settings.database_url}")
    policy = compiled(json.loads(source))
    same = True
    for one in detail.messages:
        verdict = judge(one.message, replace(one.context, scores=one.scores), policy)
        before = {each.finding.rule for each in detail.findings if each.step == one.step}
        now = {finding.rule for finding in verdict.findings}
        same = same and before == now
        recorded = "" if before == now else f" (recorded: {', '.join(sorted(before))})"
        typer.echo(f"message {one_line(one.message.id)}: {', '.join(sorted(now)) or 'no finding'}{recorded}")
    typer.echo(f"case {number}: " + ("the same verdict" if same else "ANOTHER verdict") + _code_note(detail))
    if not same:
        raise typer.Exit(1)


def _code_note(detail: CaseDetail) -> str:
    return "" if detail.hashes.code == code_digest() else " (the program has changed since)"


@model_app.command("convert")
def model_convert(
    checkpoint: Annotated[str, typer.Argument(help="A checkpoint's file, or original, unbiased or multilingual.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The folder to make. It must not exist yet.")],
) -> None:
    """Turn a checkpoint of Detoxify's into a small model that runs without torch, for STEWARD_MODEL.

    Needs pip install 'steward-bot[detoxify]'. The folder of a checkpoint's file also holds its config.json and tokenizer.
    """
    typer.echo(convert(checkpoint, to))


@audit_app.command("verify")
def audit_verify() -> None:
    """Prove that no entry of the audit trail was changed, removed or put in between, and that cases and actions stand as it says."""
    quiet()
    run_async(_audit_verify(load_settings()))


async def _audit_verify(settings: Settings) -> None:
    store_of = a_store(settings.database_url, create=False)
    async with store_of as store, store.transaction(settings.community, datetime.now(UTC)) as transaction:
        broken = await transaction.audit_verify()
        wrong = () if broken else await transaction.compare_with_audit()
    if broken:
        typer.echo(f"entry {broken.sequence} is broken: {broken.reason}", err=True)
        raise typer.Exit(1)
    for one in wrong:
        typer.echo(f"the record was changed: {one}", err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo("the audit trail is whole")


@data_app.command("forget")
def data_forget(
    number: Annotated[int, typer.Argument(parser=_number, metavar="NUMBER", help="The number of the member's request (/cases lists it).")],
    yes: YesOption = False,
) -> None:
    """Delete what is kept about a member who asked for it with /forgetme, and tell them. It cannot be taken back.

    Says first what would go. A case that somebody still waits for (open, appealed, a mute that runs, something to do by hand) stays until
    you do this again; the request stays in /cases till then. The cases of others stay.
    """
    quiet()
    run_async(_data_forget(load_settings(), number, yes=yes))


class _OnlyLookedError(Exception):
    """Nothing is to stay of what was done to see what would happen."""


async def _data_forget(settings: Settings, number: int, *, yes: bool) -> None:
    sentences = load_sentences()
    async with a_store(settings.database_url, create=False) as store:
        with suppress(_OnlyLookedError):
            async with store.transaction(settings.community, datetime.now(UTC)) as transaction:
                request = await transaction.report(number)
                gone = await forgotten(transaction, number, sentences)
                raise _OnlyLookedError
        assert request is not None, "who asked for nothing is refused"
        typer.echo(showing.forgetting_in_words(request, gone))
        if not yes:
            if not sys.stdin.isatty():
                raise StoreError("Nothing was deleted. To delete it for good, add --yes")
            if not typer.confirm("Delete it for good?"):
                typer.echo("Nothing was deleted.")
                return
        async with store.transaction(settings.community, datetime.now(UTC)) as transaction:
            gone = await forgotten(transaction, number, sentences)
        if not await store.checkpoint():
            typer.echo("Deleted. Its bytes leave the files when Steward is started again, or next deletes something.", err=True)
            return
    again = "" if gone.whole else " Do this again when nobody waits for the rest: /cases lists the request until then."
    some = "Deleted, and the member is told. Delete it from backups too." if gone.cases or gone.rows else "Nothing was deleted."
    typer.echo(f"{some}{again}")
