"""What a fair moderator would find in three stories, and nothing else: through the real service with the shipped model."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.wiring import load, simulation
from bot.commands import Asker
from bot.core.model import ActionKind, Message, Severity, Status
from bot.service import Outcome
from tests.golden.replays import BEGIN, Script, brigade, feud, questions
from tests.shell.branch import Chat

SHIPPED = Path(__file__).parents[2] / "policies" / "labour-social-media"


@dataclass
class Played:
    chat: Chat
    outcomes: list[Outcome] = field(default_factory=list)
    cases: str = ""
    standing: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def wrong(self, script: Script) -> list[str]:
        """Messages whose findings in review or enforce are not those that are expected."""
        wanted = [step for step in script.ordered() if step.say]
        assert len(wanted) == len(self.outcomes), "one outcome each"
        wrong = []
        for step, outcome in zip(wanted, self.outcomes, strict=True):
            found = {finding.rule for finding in outcome.verdict.findings if finding.status >= Status.REVIEW}
            if found != step.finds:
                scores = [dict(one.values) for one in outcome.verdict.scores]
                wrong.append(f"{step.author}: {step.say!r}: found {sorted(found)}, expected {sorted(step.finds)} {scores}")
        return wrong


async def play(script: Script, folder: Path, *, who: tuple[str, ...]) -> Played:
    """Play a script with the shipped policy, in which `councillor` holds office; ask at the end for the standing of some."""
    policy = folder / "labour-social-media"
    shutil.copytree(SHIPPED, policy)
    root = policy / "policy.yaml"
    root.write_text(root.read_text(encoding="utf-8").replace("\noffice_holders: []", "\noffice_holders: [councillor]"), encoding="utf-8")
    played = Played(Chat())
    latest: dict[str, Message] = {}
    async with simulation(str(policy), BEGIN, played.outcomes.append, platform=played.chat) as (service, desk, outbox):

        async def ask(line: str, account: str) -> str:
            answer = await desk.ask(line, Asker(account=account, platform="test", room="room"))
            while await outbox.perform_due():
                pass
            return answer

        for number, step in enumerate(script.ordered(), start=1):
            if not step.say:
                await service.drained()
                asker = Asker(account=step.author, platform="test", room="room")
                await (ask(step.ask, step.author) if step.ask else desk.report_message(asker, latest[step.to], step.report))
                continue
            answered = latest.get(step.to) if step.reply else None
            message = Message(
                community="main",
                platform="test",
                room="room",
                id=str(number),
                author=step.author,
                text=step.say,
                sent_at=step.at,
                reply_to=answered.id if answered else "",
                reply_author=answered.author if answered else "",
                mentions=step.mentions,
            )
            latest[step.author] = message
            played.chat.said.append(message)
            service.learn(step.author, step.author)
            await service.accept(message)
        await service.drained()
        while await outbox.perform_due():
            pass
        played.standing = {account: await ask("/mystanding", account) for account in who}
        played.seen = {moderator: await ask("/cases", moderator) for moderator in ("morgan", "robin")}
    return played


async def test_feud_gives_what_a_fair_moderator_would_give_and_nothing_else(tmp_path: Path) -> None:
    lines = [line for talk in load(str(SHIPPED)).policy.ordinary_talk for line in talk.lines]
    script = feud(lines * 2)
    assert script.messages == 400
    played = await play(script, tmp_path, who=("dana", "kev", "ngozi"))
    assert played.wrong(script) == []
    assert played.standing["dana"] == played.standing["ngozi"] == "There is nothing on your record."
    assert "Case 1" in played.standing["kev"]
    ((_, support, _),) = played.chat.told
    assert "Support for dana: 5 members" in support
    said = [one.verdict.message for one in played.outcomes]
    (given_away,) = [one for one in said if one.author == "wes" and "55779911" in one.text]
    assert [one.kind for one in played.chat.performed if one.message == given_away.id and one.kind is ActionKind.HIDE] == [ActionKind.HIDE]
    (helped,) = [text for text in played.chat.texts("dana") if text.startswith("wes wrote something to you or about you")]
    assert "so it was hidden" in helped
    assert not any("55779911" in one.text + one.news for one in played.chat.performed), "it is never quoted back"


async def test_hard_questions_to_a_councillor_for_six_weeks_are_never_found(tmp_path: Path) -> None:
    script = questions()
    assert script.messages == 82
    played = await play(script, tmp_path, who=("priya", "tariq"))
    assert played.wrong(script) == []
    assert played.chat.performed == []
    assert played.chat.told == []
    assert set(played.standing.values()) == {"There is nothing on your record."}


async def test_brigade_changes_nothing_for_the_innocent(tmp_path: Path) -> None:
    script = brigade()
    played = await play(script, tmp_path, who=("priya", "sam", "troll"))
    assert played.wrong(script) == []
    assert played.standing["priya"] == played.standing["sam"] == "There is nothing on your record."
    assert "muted until" in played.standing["troll"]
    assert {str(action.kind) for action in played.chat.performed if action.target == "priya"} <= {"notify", "escalate", "update"}
    (letter,) = played.chat.texts("priya")
    assert "You may go on asking about their public role" in letter
    assert all("grave" in seen for seen in played.seen.values()), "a threat that mentions every moderator recuses none of them"
    threat = played.outcomes[-2].verdict.findings
    assert max(finding.severity for finding in threat) is Severity.GRAVE
