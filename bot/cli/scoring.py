"""`steward score`, and how an operator's mistake is said: kept apart from all else, so that the first score is there at once.

Knows: the scorers, standard input and output. Must not know: the store, platforms, policies.
Rules: nothing is imported here that scoring does not need.
"""

import json
import os
import select
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated, Any

import typer

from bot.core.judge import without_markup
from bot.core.model import Role, Scored, Segment
from bot.core.phrases import Meanings
from bot.core.scoring import to_score
from bot.reading.wordlist import load_disguises
from bot.settings import SettingsError, load_settings
from bot.toxicity.choosing import open_scorer
from bot.toxicity.reading import ScorerError

SWITCH_SECONDS = 0.0005
"""A scorer's thread that has computed its scores waits this long for the interpreter; the usual 5 ms are longer than a score takes."""


class LineError(Exception):
    """A line of standard input that cannot be scored; the text says which."""


def run_app(app: typer.Typer, errors: tuple[type[Exception], ...], **options: Any) -> None:
    """Run a command line; an operator's mistake is one clear text and exit code 2."""
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        app(**options)
    except errors as error:
        for line in str(error).splitlines():
            typer.echo(f"steward: {line}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def main() -> None:
    """Run `steward score` alone."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name="score")(score)
    run_app(app, (LineError, ScorerError, SettingsError), args=sys.argv[2:], prog_name="steward score")


def score(
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    plain: Annotated[bool, typer.Option("--plain", help='Lines are plain text instead of {"text": ...}.')] = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Threads that score; as many as processors unless told.")] = None,
) -> None:
    """Score texts from standard input: a line of JSON in, {"scores": {label: 0..1}} out, in the same order, as they come.

    A text is read as the judge reads it, disguises taken off, and scored whole, with what it quotes.
    """
    if words:
        raise LineError("the texts come from standard input, a line each; to see how one text is judged: steward check TEXT")
    settings = load_settings()
    scorer = open_scorer(settings.scorer, settings.model, workers=workers)
    disguises, count = load_disguises(), workers or os.cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[Scored]] = deque()
        try:
            for number, line in enumerate(sys.stdin.buffer, start=1):
                segment = Segment(role=Role.SAID, text=_text_of(line, number, plain=plain))
                text = to_score(without_markup(segment), disguises, Meanings({}))
                waiting.append(pool.submit(text.scored_by, scorer.score_now))
                more = select.select([sys.stdin.buffer], [], [], 0)[0]
                while waiting and (not more or len(waiting) >= SCORES_WAITING_MAX or waiting[0].done()):
                    _write_scores(waiting.popleft().result())
        finally:
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
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LineError(f'line {number} of standard input is not {{"text": ...}}; for plain lines use --plain') from error


def _write_scores(scored: Scored) -> None:
    line: dict[str, Any] = {"scores": {label: round(value, 6) for label, value in scored.values.items()}}
    if scored.missing:
        line["missing"] = scored.missing
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
