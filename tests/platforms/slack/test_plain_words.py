"""What members read on Slack beside answers is plain English: the Home tab, forms, buttons, commands, and notices as Slack words them.

Knows: the pages and forms, the manifest, what Slack's lack of mutes makes of a notice. Must not know: what is answered (tests/shell).
Rules: what moderators and admins alone see is left out; each page and form is measured as a whole, and all commands together, because
each is only a few words long (tests/readability.py says how).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.folders import load_policy, load_sentences
from bot.platforms.slack.actions import honest
from bot.platforms.slack.blocks import ANSWERS
from bot.platforms.slack.commands import CONFIRM, DATA, LATE
from bot.platforms.slack.forms import appeal_form, message_form, something_form
from bot.platforms.slack.home import Page, home_view
from bot.platforms.slack.mutes import EXPLAINED, MORE_REMOVED, Step
from bot.platforms.slack.reception import WENT_WRONG
from tests.platforms.slack.at_work import manifest
from tests.policies.notices import notices
from tests.readability import too_hard

POLICY, SENTENCES = load_policy("labour-social-media"), load_sentences()
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
FOR_OTHERS = ("Moderators:", "Admins:")


def words_in(payload: object) -> Iterator[str]:
    """Whatever is shown of a page or form, from the outside in."""
    if isinstance(payload, Mapping):
        if payload.get("type") in ("plain_text", "mrkdwn"):
            yield str(payload["text"])
        for value in payload.values():
            yield from words_in(value)
    elif isinstance(payload, list):
        for one in payload:
            yield from words_in(one)


def as_read(view: Mapping[str, Any]) -> str:
    return "\n".join(words_in(view))


def test_home_and_forms_of_members_are_plain_english() -> None:
    code = "\n".join(f"{clause.number}. {clause.title}. {clause.summary}" for clause in POLICY.clauses)
    home = Page(standing="There is nothing on your record.", code=code, requests=SENTENCES["no_contact_none"], appealable=True)
    texts = {
        "home": as_read(home_view(home)),
        "home without the code": as_read(home_view(Page(standing="Case 12: 2 March 2026 in general, waiting for a moderator.", code="6."))),
        "appeal": as_read(appeal_form([(12, "Case 12, 2 March"), (13, "Case 13, 9 March")])),
        "report a message": as_read(message_form("C1", "1.2")),
        "report something": as_read(something_form()),
        "forgetme": CONFIRM,
        "mydata": DATA,
        "buttons": "\n".join(label for label, _ in ANSWERS.values()),
        "too late": LATE,
        "something went wrong": WENT_WRONG,
    }
    assert "you can ask a person to look at it again" in texts["home"]
    hard = too_hard(texts)
    assert not hard, "\n\n".join(["too hard to read:", *hard])


def test_the_commands_of_members_are_plain_english() -> None:
    features, about = manifest()["features"], manifest()["display_information"]
    offered = [*features["slash_commands"], *features["shortcuts"]]
    texts = {one.get("command") or one["name"]: one["description"] for one in offered if not one["description"].startswith(FOR_OTHERS)}
    assert "/appeal" in texts
    assert "/uphold" not in texts
    hard = too_hard(texts | {"about the app": about["description"], "more about the app": about["long_description"]})
    assert not hard, "\n\n".join(["too hard to read:", *hard])


@pytest.mark.parametrize("step", Step)
def test_notices_in_the_words_of_slack_are_plain_english(step: Step) -> None:
    texts = {name: honest(text, SENTENCES, step, is_mute="grave" in name) for name, text in notices()}
    asked = [name for name, text in texts.items() if "asked not to post" in text]
    assert bool(asked) is (step is not Step.DELETES), "a mute is called what it is here"
    for name in ("changed_mute", "mute_over", "undone_unmute"):
        texts[name] = honest(SENTENCES[name].format(until="12:00 on 2 March 2026 (UTC)"), SENTENCES, step, is_mute=name == "changed_mute")
    hard = too_hard(texts)
    assert not hard, "\n\n".join(["too hard to read:", *hard])


def test_what_a_muted_member_is_told_of_removals_is_plain_english() -> None:
    fields = {"room": "#general", "until": "12:00 on 2 March 2026 (UTC)", "case": 12, "count": 3}
    hard = too_hard({"first": EXPLAINED.format_map(fields), "more": MORE_REMOVED.format_map(fields)})
    assert not hard, "\n\n".join(["too hard to read:", *hard])
