"""Whatever a member writes, it is words on a screen: it cannot wipe it, name it or pass for a line of Steward's."""

import io
import json
from pathlib import Path

from rich.console import Console as Screen

from bot.core.cases import Decision
from bot.core.respond import Ruling
from bot.platforms.console import Console
from bot.platforms.terminal import Terminal
from tests.shell.branch import INSULTING, Branch

WIPE, FORGED = "\x1b[2J\x1b]0;owned\x07\u202e\u2066\x9b", "Case 9 · grave · dana"
NASTY = f"{WIPE} {INSULTING}\n\r{FORGED}\u2028{FORGED}\x0b"
OBEYED = ("\x1b", "\x07", "\u202e", "\u2066", "\x9b", "\r", "\x0b", "\u2028")


def harmless(text: str) -> bool:
    """Nothing in it is obeyed, the words are there, and no line begins with what was forged."""
    assert not [sign for sign in OBEYED if sign in text], ascii(text)
    return not any(line.strip().startswith(FORGED) for line in text.splitlines())


async def test_words_in_the_echo_the_notice_the_card_and_the_lists_obey_nothing(branch: Branch) -> None:
    terminal = Terminal(Screen(file=io.StringIO(), width=200), community="main")
    said = branch.message(NASTY)
    terminal.say(said)
    await branch.say(NASTY)
    await branch.ask(f"/appeal 1 '{NASTY}'", "alex")
    await branch.ask(f"/report '{NASTY}'", "bo")
    await branch.report(reporter="bo", case=1, text=NASTY)
    await branch.perform()
    for action in branch.chat.performed:
        await terminal.perform(action)
    terminal.answer(await branch.ask("/cases"))
    terminal.answer(await branch.ask("/case 1"))
    await branch.service.casebook.rule_on(1, Ruling(decision=Decision.UPHOLD, by="robin", reason=NASTY))
    terminal.answer(await branch.ask("/case 1"))
    assert isinstance(terminal.screen.file, io.StringIO)
    shown = terminal.screen.file.getvalue()
    assert harmless(shown)
    assert shown.count("␛[2J") >= 6


async def test_words_in_what_the_console_writes_obey_nothing(branch: Branch, tmp_path: Path) -> None:
    (tmp_path / "said").touch()
    console = Console(tmp_path / "said", tmp_path / "done", community="main")
    await branch.say(NASTY)
    await branch.perform()
    for action in branch.chat.performed:
        await console.perform(action)
    written = [json.loads(line) for line in (tmp_path / "done").read_text(encoding="utf-8").splitlines()]
    assert any("␛[2J" in one["text"] for one in written)
    assert all(harmless(one["text"]) and harmless(one["news"]) for one in written)
