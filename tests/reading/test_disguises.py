"""Tests of bot/reading/disguises.py: what each disguise is read as, what is nobody's disguise, the way back, and the laws.

The words are few and mild; what people write every day has to come back as the same object.
"""

import cProfile
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import folders
from bot.core.phrases import PhraseIndex
from bot.core.text import AsFolded, fold
from bot.reading.pairs import STEPS, Pairs, checksum, table
from bot.reading.spellings import HIDDEN
from bot.reading.vocabulary import named
from bot.reading.wordlist import PAIRS, RARE, WORDS, load_disguises, load_pairs, load_words

DISGUISES = load_disguises(["goatfucker", "numbskull"])
RUDE = PhraseIndex({"rude": ["idiot", "stupid", "you are an idiot", "vermin"]})
LETTERS = st.sampled_from("abcdeiorstuxyz 01345@$!|*.,-_?&#;:'()\n\u202eɐʇ⭕😀ïі")
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(LETTERS, max_size=60),
    st.lists(
        st.sampled_from(
            ["toidi", "i d i o t", "1d10t", "id*ot", "uoy", "era", "youare", "idi", "ot", "&#105;", "\u202e", " ", ".", "**", "|"]
        )
    ).map(" ".join),
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("you are an 1d10t", "you are an idiot"),
        ("y0u 4r3 4n 1d10t", "you are an idiot"),
        ("you are an !d!0t and a (r3t!n", "you are an idiot and a cretin"),
        ("you are an |d|()t", "you are an idiot"),
        ("p@7h37!( $h17h3@d", "pathetic shithead"),
        ("you are @sshole", "you are asshole"),
        ("y o u  i d i o t", "you idiot"),
        ("y o u   a r e   a n   i d i o t", "you are an idiot"),
        ("y o u a r e a n i d i o t", "you are an idiot"),
        ("you are an i.d.i.o.t", "you are an idiot"),
        ("y.o.u a.r.e a.n i.d.i.o.t", "you are an idiot"),
        ("you i-d-i-o-t", "you idiot"),
        ("you i_d_i_o_t", "you idiot"),
        ("you i,d,i,o,t", "you idiot"),
        ("you i😀d😀i😀o😀t", "you idiot"),
        ("you are an id.iot", "you are an idiot"),
        ("you are an id-iot", "you are an idiot"),
        ("you are a toidi", "you are a idiot"),
        ("uoy era na toidi", "you are an idiot"),
        ("toidi na era uoy", "you are an idiot"),
        ("\u202etoidi na era uoy\u202c", "you are an idiot"),
        ("ʇoᴉpᴉ uɐ ǝɹɐ noʎ", "you are an idiot"),
        ("you are an id*ot", "you are an idiot"),
        ("you st*p*d cl*wn", "you stupid clown"),
        ("you p*th*t*c w*rm", "you pathetic warm"),
        ("you absolute mor*n, you idio*", "you absolute moron, you idiot"),
        ("you are scim", "you are scum"),
        ("you are an idt", "you are an idiot"),
        ("that is stpd", "that is stupid"),
        ("you are an idito", "you are an idiot"),
        ("you are an iddiot", "you are an idiot"),
        ("you are an iiddiioott", "you are an idiot"),
        ("you are an idiiiooot", "you are an idiot"),
        ("you are stupif", "you are stupid"),
        ("that is pathtic", "that is pathetic"),
        ("that is stoopid", "that is stupid"),
        ("youareanidiot", "you are an idiot"),
        ("#youareanidiot", "#you are an idiot"),
        ("you are an idi ot", "you are an idiot"),
        ("fuck y ou idiot", "fuck you idiot"),
        ("well t hat idiot said so", "well that idiot said so"),
        ("yo uare anid iot", "you are an idiot"),
        ("y ou are a pa the tic id iot", "you are a pathetic idiot"),
        ("you are an idi⭕t", "you are an idiot"),
        (":regional_indicator_i::regional_indicator_d::regional_indicator_i::regional_indicator_o::regional_indicator_t:", "idiot"),
        ("you &#105;d&#x69;ot", "you idiot"),
        ("you iDi**oT**", "you idiot"),
        ("you ||id||iot", "you idiot"),
        ("you i\u200dd\u00adiot", "you idiot"),
        ("aftr tht vte al of thm are nigers, evry one", "after that vote all of them are niggers, every one"),
        ("what a pathteic bnuch of tairtros you all are", "what a pathetic bunch of traitors you all are"),
        ("yxx xrx thx mxst pxthxtxc cxwxrd", "you are the most pathetic coward"),
        ("you are the cowarcl everybody knovvs, you rnuppet", "you are the coward everybody knows, you muppet"),
        ("thot branch of yoors is a pethetic disgrice", "that branch of yours is a pathetic disgrace"),
        ("nobodyt oldm et hatt hem eetingw asc ancelled", "nobody told me that the meeting was cancelled"),
        ("#YouAreALiar and #KillYourself", "you are a liar and kill yourself"),
        ("you are a stu/pid id_iot, i sa,id", "you are a stupid idiot, i said"),
        ("no(uh)body likes a li[um]ar", "nobody likes a liar"),
        ("you i💀di💀ot", "you idiot"),
        ("go and kiII yourself, you id*ot", "go and kill yourself, you idiot"),
        ("~you~ id*ot", "you idiot"),
        ("%79ou a%72e an idiot", "you are an idiot"),
        ("тhе ҽӏеᴄтіοn օf a cоward", "the election of a coward"),  # noqa: RUF001
        ("tihs is a setence wiht many swapepd letetrs yuo idoit", "this is a sentence with many swapped letters you idiot"),
    ],
)
def test_a_disguised_text_is_read_as_it_is_meant(text: str, says: str) -> None:
    assert DISGUISES.read(text).text == says


@pytest.mark.parametrize(
    "text",
    [
        "A.B.C. is fine, and so is the C.L.P. at 10/10",
        "send an e-mail to the co-op about the re-elected ex-MP",
        "GB82 WEST 1234 5698 7654 32",
        "setup.py, my_file.name.txt, foo.bar and https://en.wikipedia.org/wiki/Tidiot",
        "racecar level live draw pots stressed evil star parts",
        "I'll draw the pots while you live here",
        "the AGM is at 7pm in room B12, bring £5 and c19 stuff",
        "FAO: CLP EC mtg re AGM 12/3 @7pm RSVP asap pls thx",
        "meet @ 7pm @ the hall (next to B&Q) 4 a chat w/ Jo",
        "Siân, Gruffydd, Llywelyn and Mr Cnut are on the door",
        "Cockburn, Penistone, Scunthorpe and cockermouth are fine",
        "Ask Cllr Dickinson about Hancock and Woodcock",
        "x = [1,2,3]; print(x)",
        "three days* and *two of them bold* in Gruffyd*",
        "no turnout is worth ~5 points, ~/path stays",
        "a b c d e f g",
        "two of us go to niger for the union, then to mali",
        "my ip is 192.168.1.1:8080, i/o errors w/o sudo",
        "A55, S1 2AB, g20, 5g, $5m, m25, covid19",
        "@toidi and <@123> said so, :wave: to them",
        "Łukasz Wójcik and Małgorzata Żak have moved an amendment",
        "",
    ],
)
def test_what_is_nobodys_disguise_comes_back_as_it_was_folded(text: str) -> None:
    folded = fold(text)
    assert DISGUISES.read(text, folded).text == folded.text


def test_a_text_of_known_words_is_the_same_object() -> None:
    folded = fold("This budget is a disgrace, and I will vote against it!")
    assert DISGUISES.read("This budget is a disgrace, and I will vote against it!", folded) is folded


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("well, toidi then", "toidi"),
        ("well, i😀d😀i😀o😀t then", "i😀d😀i😀o😀t"),
        ("well, id*ot then", "id*ot"),
        ("well, idi ot then", "idi ot"),
        ("well, stpd then", "stpd"),
        ("well, &#105;diot then", "&#105;diot"),
        ("\u202eneht toidi llew\u202c", "toidi"),
        ("youareanidiot", "youareanidiot"),
        ("neht toidi na era uoy", "toidi"),
    ],
)
def test_the_evidence_is_what_was_really_written(text: str, written: str) -> None:
    found = RUDE.find(text, fold(text), DISGUISES.read(text))
    assert written in [text[one.start : one.end] for one in found]


def test_a_word_found_in_both_readings_is_one_finding() -> None:
    text = "you 1d10t and stuuupid i d i o t"
    found = RUDE.find(text, fold(text), DISGUISES.read(text))
    assert [text[one.start : one.end] for one in found] == ["1d10t", "stuuupid", "i d i o t"]


def test_without_words_every_text_is_as_it_is_folded() -> None:
    assert AsFolded().read("you are an 1d10t toidi").text == "you are an 1d10t toidi"


def test_every_hidden_word_backwards_or_with_a_slip_is_read_as_itself() -> None:
    words = frozenset(load_words())
    long = sorted(word for word in HIDDEN if len(word) > 5)
    missed = [
        (written, word)
        for word in long
        for written in (word[::-1], word[:3] + word[4] + word[3] + word[5:], word[:2] + word[1] + word[2:])
        if written not in words and not any(HIDDEN & set(way.folded.text.split()) for way in DISGUISES.ways(f"well {written} then"))
    ]
    assert missed == []


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_every_place_in_what_is_read_is_a_place_in_the_text(text: str) -> None:
    meant = DISGUISES.read(text)
    assert len(meant.origin) == len(meant.text)
    assert all(0 <= place < len(text) for place in meant.origin)
    for start in range(len(meant.text)):
        first, end = meant.original(start, start + 3)
        assert 0 <= first < end <= len(text)


@pytest.mark.parametrize("unit", ["a ", "toidi ", "i.", "id*", "ab", "1a", "ɐʇ", "&#105;", "\u202ea", "a||", ":a:", "()", "xq ", "@a", "'"])
def test_four_thousand_characters_of_anything_are_read(unit: str) -> None:
    text = (unit * 4000)[:4000]
    assert DISGUISES.read(text).text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("th commitee neds a god tresurer and a nw secrtary", "the committee needs a good treasurer and a new secretary"),
        (
            "wht do yu thnk of th nw budgt for the scnd half of the yr",
            "what do you think of the new budget for the second half of the year",
        ),
        ("I thimk thr council shoukd fix the roaf before wintet", "i think the council should fix the road before winter"),
        ("wearegoing tothemeeting attheschool hall", "we are going to the meeting at the school hall"),
        ("th ey wi ll ne ver li st en to the mem bers", "they will never listen to the members"),
        ("he is a dirt rotte lar and he kows it", "he is a dirty rotten liar and he knows it"),
        ("see you at the n*xt branch m**ting", "see you at the next branch meeting"),
        ("that is what th*y said at the t*p of the sh*w", "that is what they said at the top of the show"),
    ],
)
def test_a_word_is_read_by_the_words_beside_it(text: str, says: str) -> None:
    assert DISGUISES.read(text).text == says


def test_a_disguised_text_that_is_said_again_and_again_is_read_each_time() -> None:
    once, meant = "yu r a pthtc lttl lr nd vrybdy knws t", DISGUISES.read("yu r a pthtc lttl lr nd vrybdy knws t").text
    assert "pathetic little" in meant
    assert DISGUISES.read(" ".join([once] * 12)).text.count("pathetic little") == 12


@pytest.mark.parametrize(
    "text",
    [
        "Whoes coat is thsi? The new gril whoes bag was splti has lfet it",
        "heavvy fogg at thee halll, mmind how you goo",
        "tigght fit in thhat halll, nnext time wee need bigger",
        "the trasurer cut the budgt, and nobdy askd us",
        "Thnk you Mr Dickinson, Ms Cockburn and Cllr Woodcock, it was lovly",
        "can sombody picket with me tmorrow mornin, brng a flsk",
        "Ah dinnae ken whit ye're oan aboot, pal, gie us a haun wi the leaflits",
        "im dislexic so sory for speling, i wil rite the minits tomoro",
    ],
)
def test_who_types_badly_is_not_read_as_abusive(text: str) -> None:
    assert not HIDDEN & set(DISGUISES.read(text).text.replace(",", "").split())


@pytest.mark.parametrize(
    "text",
    [
        "do you rehearse tonight",
        "the psychotherapist was fastidious",
        "see you the morn",
        "hi gals",
        "you snigger but it is true",
        "twas you that won it",
        "slugs had my lettuces",
        "your sapper and your emigrant",
        "who ate all the pies",
        "Kipling is nice",
        "Cox is a great speaker",
        "remainders and tyrannies",
    ],
)
def test_a_word_that_there_is_is_no_disguise_however_rare(text: str) -> None:
    folded = fold(text)
    assert [way.folded for way in DISGUISES.ways(text)] == [folded]


@pytest.mark.parametrize(
    ("text", "says", "rather_than"),
    [
        ("sorry cnt make it", "sorry cant make it", "cunt"),
        ("you are a cnt", "you are a cunt", "cant"),
        ("you cnt", "you cunt", "cant"),
        ("i wish i could but i cnt, sorry", "i wish i could but i cant, sorry", "cunt"),
        ("no idea whr", "no idea where", "whore"),
        ("you dirty whr", "you dirty whore", "where"),
        ("kik off is at three", "kick off is at three", "kike"),
        ("kind reards", "kind regards", "retards"),
        ("see you in the mrn", "see you in the morning", "moron"),
        ("what a mrn you are", "what a moron you are", "morning"),
    ],
)
def test_a_lone_odd_word_is_read_by_the_words_beside_it(text: str, says: str, rather_than: str) -> None:
    first, *others = DISGUISES.ways(text)
    assert first.folded.text == says
    assert all(rather_than not in way.folded.text.split() or way.behind > 0 for way in others)


def test_initials_are_no_disguise() -> None:
    assert DISGUISES.read("SLT meeting with you").text == "slt meeting with you"
    assert DISGUISES.read("you are a CNT").text == "you are a cunt"


def test_a_word_that_is_cut_by_a_blank_is_not_read_backwards() -> None:
    assert DISGUISES.read("i will mur der you").text == "i will murder you"


def test_invisible_signs_make_no_text_too_long_to_be_read() -> None:
    assert DISGUISES.read("\u200b" * 5_000 + "you 1d10t").text == "you idiot"
    assert len(DISGUISES.ways("\u200b" * 5_000 + "plese wrie to thr counil abot the bis shelte")) > 1


@pytest.mark.parametrize("name", ["Dickinson", "Cockburn", "Penistone", "Cnut", "Fagan"])
def test_a_name_in_a_text_full_of_slips_hides_no_abuse(name: str) -> None:
    says = DISGUISES.read(f"Thnk you {name}, the hal was ful and the tea was luvly").text
    assert not HIDDEN & set(says.replace(",", "").split())


@pytest.mark.parametrize(
    "unit",
    ["abcde ", "qjxkz", "the ", "th ", "zzzzzzzzzzzzzzzzzzz ", "a|", "I'", "(a)", "#Aa", "a_b ", "%41", "卂 ", "lilll ", "x#", 'a"', "kI "],
)
def test_what_nobody_can_read_is_read_in_time_that_grows_with_its_length(unit: str) -> None:
    """By the calls of the functions that do the work, as a clock would measure the machine."""
    calls = []
    for length in (1000, 4000):
        fresh = load_disguises()
        profile = cProfile.Profile()
        profile.runcall(fresh.read, (unit * 4000)[:length])
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 6 * calls[0] + 20_000


def test_the_table_of_pairs_is_one_of_the_words_that_ship() -> None:
    assert load_pairs().words == checksum(named(load_words()))


def test_a_word_is_likelier_behind_one_that_it_follows() -> None:
    words = load_words()
    place = {word: n for n, word in enumerate(words)}
    pairs = load_pairs()
    assert pairs.gain(place["thank"], place["you"]) > pairs.gain(place["thank"], place["the"])
    assert pairs.gain(place["the"], place["your"]) < 0
    assert pairs.gain(len(words), len(words)) == 0


def test_a_table_is_what_was_put_into_it() -> None:
    pairs = Pairs(table(["one", "two"], {(0, 1): 2.5, (1, 0): 99.0}))
    assert (pairs.gain(0, 1), pairs.gain(1, 0), pairs.gain(1, 1)) == (2.5, 127 / STEPS, 0.0)
    assert Pairs().gain(0, 1) == 0


def test_what_was_judged_by_names_the_words_and_their_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a verdict would be said to be reproduced by other words than those that it was made by."""
    room = tmp_path / "bot"
    shutil.copytree(Path(folders.__file__).parent / "core", room / "core")
    shutil.copytree(Path(folders.__file__).parent / "reading", room / "reading")
    monkeypatch.setattr(folders, "__file__", str(room / "folders.py"))
    digests = {folders.code_digest.__wrapped__()}
    for name in (PAIRS, RARE, WORDS):
        (room / "reading" / name).write_bytes(b"other")
        digests.add(folders.code_digest.__wrapped__())
    assert len(digests) == 4
