"""What is not in the policy's languages stays unjudged by scores, and is never taken for fine; short English chat is English."""

import json
from pathlib import Path

import pytest

from bot.core.judge import judge, texts_to_score
from bot.core.model import Context, Scored, Verdict
from bot.facts import facts_of
from bot.folders import load_policy
from bot.languages import foreign
from tests.core.policies import message
from tests.shell.foreign import SENTENCES

TRANSCRIPT = Path(__file__).parents[3] / "shared" / "transcripts" / "ubuntu-irc.jsonl"
POLICY = load_policy("labour-social-media")
RECALL_MIN = 0.9
ALARMS_MAX = 0.01


@pytest.mark.parametrize("language", SENTENCES)
def test_most_sentences_of_other_languages_are_known_as_such(language: str) -> None:
    sentences = SENTENCES[language]
    assert len(sentences) == 30
    assert all(len(sentence.split()) >= 6 for sentence in sentences)
    assert sum(bool(foreign(one, ("en",))) for one in sentences) >= RECALL_MIN * len(sentences)


def test_hardly_any_line_of_english_chat_is_called_foreign() -> None:
    if not TRANSCRIPT.exists():
        pytest.skip("../shared is not here")
    texts = [json.loads(line)["text"] for line in TRANSCRIPT.read_text(encoding="utf-8").splitlines()]
    assert sum(bool(foreign(text, ("en",))) for text in texts) < ALARMS_MAX * len(texts)


@pytest.mark.parametrize(
    "text", ["lol", "Eisteddfod yn Wrecsam", "u ok hun", "gonna b l8 m8 soz", "", "🎉🎉🎉🎉🎉🎉 LABOUR GAIN Eastfield"]
)
def test_short_talk_is_never_called_foreign(text: str) -> None:
    assert foreign(text, ("en",)) == ""


def test_no_line_of_ordinary_talk_is_called_foreign() -> None:
    assert [line for talk in POLICY.ordinary_talk for line in talk.lines if foreign(line, POLICY.languages)] == []


def judged(text: str) -> Verdict:
    said = message(text)
    scores = tuple(
        Scored(values=dict.fromkeys(("insult", "toxicity", "threat", "identity_attack", "obscene", "sexual"), 0.99))
        for _ in texts_to_score(said, Context(), POLICY)
    )
    return judge(said, Context(scores=scores, facts=facts_of(said, Context(), POLICY)), POLICY)


def test_scores_of_what_the_model_cannot_read_count_neither_way() -> None:
    verdict = judged(SENTENCES["cy"][0])
    assert verdict.findings == ()
    assert {one.reason for one in verdict.unjudged} == {"language"}


def test_banks_still_judge_it() -> None:
    assert "trigger-phrase" in {one.rule for one in judged(f"{SENTENCES['pl'][0]} steward please check this lantern").findings}


def test_a_policy_that_speaks_the_language_judges_it() -> None:
    assert foreign(SENTENCES["cy"][0], ("en", "cy")) == ""
