"""The words that people hide, how else they are written, and the signs that stand for letters: tables, and what follows from them.

Knows: which words are hidden, spellings that everybody knows, sounds. Must not know: how common words are, texts, banks, rules, scores.
Rules: what a word may be written as depends on the word alone; every step is bounded by its length.

To hide one more word: add it to `HIDDEN`. To undo one more sign for a letter: add it to `SIGNS`.
"""
# ruff: noqa: RUF001, PLR2004 - characters that look like others are what this is about; the lengths of words are numbers

import re
from collections.abc import Iterator

from bot.reading.guesses import NEIGHBOURS

HIDDEN = frozenset(
    "abomination arse arsehole arseholes arsewipe asshole assholes bastard bastards bellend bitch bitches bitching bollocks bullshit clown "
    "clowns clueless cock cocks cocksucker coward cowards crap creep cretin cretins cunt cunts damn degenerate dick dickhead dickheads "
    "disgrace disgusting douchebag dumbass dyke dykes faggot faggots fags fascist fascists filth filthy foreigners freak freaks fuck "
    "fucked fucker fuckers fuckface fucking fucks fuckwit fuckwits garbage gobshite gypsies gypsy halfwit hate hateful hypocrite "
    "hypocrites idiot idiotic idiots ignorant imbecile imbeciles immigrants incel incels islamist jackass jews kaffir kike kikes kill "
    "killed killing knobhead lesbian lesbians liar liars libtard libtards loser losers lunatic lunatics maggot maggots mongoloid monkey "
    "monkeys moron moronic morons motherfucker motherfuckers motherfucking mudslime mudslimes muppet muppets murder muslim muslims muzzie "
    "muzzies nazi nazis negro negroes nigga niggas nigger niggers nignog nonce numpty numpties nutter obnoxious paedo paedophile paki "
    "pakis parasite parasites pathetic pervert pigs pikey pikeys pillock pillocks piss pissed pisses plonker prick pricks prostitute "
    "pussies pussy racist racists raghead ragheads rape raped rapist rapists retard retarded retards savages scum scumbag scumbags "
    "shemale shit shithead shitty slag slags slapper slut sluts snowflake spastic stupid stupidity subhuman suicide terf terfs terrorist "
    "terrorists thick tosser tossers towelhead traitor traitors trannies tranny transgender trash twat twats ugly untermensch useless "
    "vermin wanker wankers whore whores worthless yids yourself zionist zionists".split()
)
"""Words that people disguise: they are recognised by a letter that is missing, doubled, moved or replaced."""
SPELT = {
    "fck": "fuck", "fuk": "fuck", "fcuk": "fuck", "phuck": "fuck", "phuk": "fuck", "fvck": "fuck",
    "fukc": "fuck", "fk": "fuck", "fking": "fucking",
    "fckn": "fucking", "fkn": "fucking", "fckin": "fucking", "fukin": "fucking", "sht": "shit", "shyt": "shit", "cnt": "cunt",
    "kunt": "cunt",
    "btch": "bitch", "biatch": "bitch", "bich": "bitch", "biotch": "bitch", "azz": "ass", "azzhole": "asshole", "dik": "dick",
    "dck": "dick",
    "cok": "cock", "cck": "cock", "twt": "twat", "nzi": "nazi", "nggr": "nigger", "ngga": "nigga",
    "kik": "kike", "kke": "kike", "crp": "crap", "kll": "kill", "fuc": "fuck", "fuckin": "fucking", "cun": "cunt",
    "idt": "idiot", "idts": "idiots", "mrn": "moron", "mrns": "morons", "rtrd": "retard", "slt": "slut", "whr": "whore", "pusy": "pussy",
    "stoopid": "stupid", "stewpid": "stupid", "idjit": "idiot", "eejit": "idiot", "ediot": "idiot", "looser": "loser", "lozer": "loser",
    "kil": "kill", "scm": "scum",
}  # fmt: skip
"""Spellings that everybody knows, too short or too far to be found by rule."""
HARMLESS = {
    "cnt": ("cant",), "whr": ("where",), "mrn": ("morning",), "mrns": ("mornings",), "kik": ("kick",), "kiks": ("kicks",), "slt": ("salt",),
    "whae": ("who",), "whaes": ("whos",), "cok": ("cook",), "sht": ("shut", "sheet"), "crp": ("crop",), "dck": ("deck",), "cun": ("can",),
    "moton": ("motion",), "motons": ("motions",), "clck": ("click", "clock"), "btch": ("batch",), "bich": ("beach",), "dik": ("dig",),
}  # fmt: skip
"""What people in haste mean as often by a spelling of a hidden word, where the words beside it say so."""
SPOKEN = frozenset(
    "tis twas twere twill tisnt twasnt brill ve ll couldve shouldve wouldve mightve mustve couldntve shouldntve wouldntve yall aint "
    "innit".split()
)
"""Words of speech that the lists do not have, or have as rare ones: they are themselves, however a text is disguised."""
SHORT_OF = {"niger": "nigger", "nigers": "niggers"}
"""Words that are hidden ones with a letter dropped: so they are read where a text is disguised all over, and nowhere else."""
SIGNS = {
    "0": "o", "1": "il", "2": "zs", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "gq", "@": "a",
    "$": "s", "!": "il", "|": "li",
    "(": "c", "<": "c", "{": "c", "[": "c", ")": "d", "+": "t", "€": "e", "£": "le", "¢": "c", "¥": "y", "§": "s", "¡": "i", "†": "t",
    "&": "a",
    "^": "a",
    "%": "o", "#": "h", "×": "x", "?": "", "¿": "", "∆": "a", "Δ": "a", "λ": "a", "π": "n", "√": "v", "∂": "d",
    "∑": "e", "°": "o", "¤": "o", "•": "o", "●": "o",
}  # fmt: skip
"""Signs that stand for letters, with the letters they may stand for."""
LONG_HIDDEN = 6
"""Hidden words of so many letters hardly ever stand in other words by chance: they cost less where letters are cut into words too."""
_SOUNDS = tuple(
    tuple(pair.split(">"))
    for pair in "ck>k ck>q ck>x ck>c c>k s>z f>ph i>y y>i u>oo oo>u er>a er>ah er>uh or>a ks>x cks>x u>v v>u w>vv qu>kw th>f".split()
)
"""How a word sounds, and how that may be written."""
_VOWELS = re.compile(r"[aeiou]")


def slips(word: str) -> Iterator[str]:
    """A word with one letter dropped, doubled or moved, or the key beside it pressed."""
    for place, letter in enumerate(word):
        if len(word) > 4 and place:
            yield word[:place] + word[place + 1 :]
        yield word[:place] + letter + word[place:]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + letter + word[place + 2 :]
        if len(word) > 3 and place:
            yield from (word[:place] + key + word[place + 1 :] for key in NEIGHBOURS[letter])


def moved(word: str) -> Iterator[str]:
    """A word of a policy's own backwards, or with two letters moved or one twice: what is nearer to it may be another word or a name."""
    if len(word) > 4:
        yield word[::-1]
    for place, letter in enumerate(word):
        yield word[:place] + letter + word[place:]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + letter + word[place + 2 :]


def spellings(word: str) -> Iterator[str]:
    """Other ways to write a hidden word: backwards, without vowels, as it sounds, with a slip of the fingers."""
    if len(word) > 4 or word in HIDDEN:
        yield word[::-1]
    for bare in (word[0] + _VOWELS.sub("", word[1:]), _VOWELS.sub("", word)):
        if len(bare) > 3:
            yield bare
    if "i" in word and len(word) > 3:
        yield word.replace("i", "l")
        yield from (word[:place] + "l" + word[place + 1 :] for place, letter in enumerate(word) if letter == "i")
    if len(word) > LONG_HIDDEN - 1:
        yield from (
            word[:place] + other + word[place + 1 :] for place, one in enumerate(word) if place and one in "aeiou" for other in "aeiou"
        )
    for sound, written in _SOUNDS:
        if sound in word and len(word) > 3:
            yield word.replace(sound, written)
            yield word.replace(sound, written, 1)
    yield from slips(word)
