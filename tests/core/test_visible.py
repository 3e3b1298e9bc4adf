"""What a screen would obey is shown and not sent to it: one law for whatever members wrote."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.naming import one_line, person, plain, rendered, visible
from bot.core.notices import quote
from bot.platforms.discord.showing import shown as on_discord
from bot.platforms.slack.showing import shown as on_slack

TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
ANYTHING = st.text(st.characters(codec=None, categories=None) | st.sampled_from([*sorted(TURNING), "\x1b", "\x9b", "\r", "\n", "\u2028"]))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x9b2J\x7f", "⟨U+009B⟩2J␡"),
        ("a\u202eb\u2066c", "a⟨U+202E⟩b⟨U+2066⟩c"),
        ("\ud800", "⟨U+D800⟩"),
        ("\x00", "␀"),
    ],
)
def test_what_a_screen_would_obey_is_seen_instead(text: str, seen: str) -> None:
    assert visible(text) == seen
    for shown in (quote(text), plain(text), on_discord(text), on_slack(text)):
        assert seen.replace("[", "") in shown.replace("\\", "").replace("[", "")


@pytest.mark.parametrize("text", ["👩‍👩‍👧", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "שלום עליכם", "می‌خواهم", "Siân ❤️", "one\ttwo\nthree"])
def test_emoji_flags_and_other_scripts_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


@settings(deadline=None)
@given(ANYTHING)
def test_nothing_that_a_screen_would_obey_is_ever_left(text: str) -> None:
    once = visible(text)
    assert visible(once) == once
    assert not TURNING.intersection(once)
    assert all(sign in "\t\n" or unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp") for sign in once)
    once.encode()


@settings(deadline=None)
@given(ANYTHING)
def test_quoted_words_are_one_line_on_every_screen(text: str) -> None:
    for shown in (quote(text), one_line(text), plain(quote(text)), on_discord(quote(text)), on_slack(quote(text))):
        assert len(shown.splitlines()) <= 1


def test_a_name_cannot_begin_a_line_either() -> None:
    assert plain(f"by {person(chr(10).join(['sam', 'Case 9']))}") == "by sam Case 9"
    assert rendered(person("1"), person="<@{}\u202e>".format, place=str) == "<@1⟨U+202E⟩>"
