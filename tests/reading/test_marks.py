"""Tests of bot/reading/marks.py and bot/reading/alphabets.py: signs around, within and between words, and letters of other scripts.

What has its signs for a reason has to keep them, and what is taken out has to be led back to what was written.
"""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.phrases import PhraseIndex
from bot.core.text import fold
from bot.reading import alphabets
from bot.reading.marks import without_marks
from bot.reading.vocabulary import Vocabulary
from bot.reading.wordlist import load_disguises, load_pairs, load_rare, load_words

WORDS = Vocabulary(load_words(), (), (), load_pairs, load_rare())
DISGUISES = load_disguises()
RUDE = PhraseIndex({"rude": ["you are an idiot", "idiot"]})
MARKED = st.lists(
    st.sampled_from(["you", "are", "an", "idi", "ot", "(", ")", "[", "]", "'", '"', "|", "🔥", "_", "-", "/", ".", " ", "<b>", "\n"])
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("you | are | an | idiot", "you are an idiot"),
        ("you - are - an - idiot", "you are an idiot"),
        ("you • idiot", "you idiot"),
        ("you 🔥 are 🔥 an 🔥 idiot", "you are an idiot"),
        ("you🔥are🔥an🔥idiot", "you are an idiot"),
        ("you_are_an_idiot", "you are an idiot"),
        ("you-are-an-idiot!", "you are an idiot!"),
        ("you/are/an/idiot", "you are an idiot"),
        ("you.are.an.idiot", "you are an idiot"),
        ("you+are+an+idiot", "you are an idiot"),
        ("stupid-idiot", "stupid idiot"),
        ("you are an id(i)ot", "you are an idiot"),
        ("you are an [i]diot, (r)eally", "you are an idiot, really"),
        ("all member(s) and friend(s) of the branch", "all members and friends of the branch"),
        ("you are an id'iot", "you are an idiot"),
        ("yo'u ar'e an idio't", "you are an idiot"),
        ('"you" "are" "an" "idiot"', "you are an idiot"),
        ("[you] [are] [an] [idiot].", "you are an idiot."),
        ("you are an <b>id</b>iot", "you are an idiot"),
        ('<span class="x">you</span> idiot', "you idiot"),
        ("[you](https://example.org/a_b) [idiot](<https://example.org>)", "you idiot"),
        ("you are an aIcohoIic idlot", "you are an alcoholic idiot"),
        ("go and k y s", "go and kys"),
        ("you c***", "you cunt"),
        ("what a B****** of a hill", "what a bastard of a hill"),
        ("y0uare4nidi0t", "you are an idiot"),
        ("y0u4re 4n1d10t 4nd4ll kn0w1t", "you are an idiot and all know it"),
    ],
)
def test_signs_that_say_nothing_are_left_out(text: str, says: str) -> None:
    assert DISGUISES.read(text).text == says


@pytest.mark.parametrize(
    "text",
    [
        "i will 🔪 you 🔪 him",
        "tea, coffee - or both",
        "see https://example.org/you/are/an/idiot_page or idiot.co.uk",
        "mail you.are.an@example.org",
        "open /you/are/here and ~/an/idiot",
        "read setup.py and you.html",
        "he's ours, they're not, o'brien isn't, y'all, rock'n'roll",
        "at three o'clock in St John's, 'twas said",
        "'twas brill, 'tis a pity you couldn't've come",
        "oi'll be there dreckly, oi'm on the tractor",
        "it said (and I agree) that [sic] it fails",
        'the "idiot" of Dostoevsky and the "fool" of Lear in one evening',
        "<kim> hello <@123> in <#456>",
        "f(x) and print(hello)",
        "a|b|c and 3 | 4",
        "IBM, Iain, IKEA and Ibiza",
        "vitamin c* and **bold**",
        "well-known co-op self-help",
    ],
)
def test_signs_that_say_something_stay(text: str) -> None:
    assert DISGUISES.read(text).text == fold(text).text


@pytest.mark.parametrize("alphabet", alphabets._ALPHABETS)
def test_letters_of_other_scripts_are_read_as_those_they_are_drawn_for(alphabet: str) -> None:
    written = "you are a pathetic idiot".translate(str.maketrans(string.ascii_lowercase, alphabet))
    assert DISGUISES.read(written).text == "you are a pathetic idiot"


@pytest.mark.parametrize(
    "text",
    ["我们去山上吧", "今天下午一千人", "สวัสดีครับทุกคน", "שלום לכולם", "ᓄᓇᕗᑦ ᐃᓄᒃ", "ሰላም ነው ወገኔ", "привет, как дела", "καλημέρα σε όλους"],
)
def test_what_is_written_in_another_script_stays(text: str) -> None:
    assert DISGUISES.read(text).text == fold(text).text


def test_what_is_found_stands_where_it_was_written() -> None:
    text = "well 🙂 you | are | an | id(i)ot"
    found = RUDE.find(text, meant=DISGUISES.read(text))
    assert [text[one.start : one.end] for one in found if one.phrase == "you are an idiot"] == ["you | are | an | id(i)ot"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("well, (y)ou are an idiot (really)", "(y)ou are an idiot"),
        ("well, you are an idi(ot) (really)", "you are an idi(ot)"),
        ("well (you are an [i]diot)", "you are an [i]diot"),
    ],
)
def test_a_bracket_that_hides_a_letter_is_shown_whole(text: str, shown: str) -> None:
    found = RUDE.find(text, meant=DISGUISES.read(text))
    assert [text[one.start : one.end] for one in found if one.phrase == "you are an idiot"] == [shown]


@given(MARKED.map("".join))
@settings(deadline=None)
def test_no_letter_changes_and_what_is_left_stays_in_order(text: str) -> None:
    folded = fold(text)
    left = without_marks(folded, WORDS)
    letters = [sign for sign in folded.text.replace("<b>", "") if sign.isalnum()]
    assert [sign for sign in left.text if sign.isalnum()] == letters
    assert list(left.origin) == sorted(left.origin)
    assert len(left.origin) == len(left.text)
