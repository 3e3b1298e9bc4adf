"""Letters of other scripts, drawn signs and Braille in the place of Latin ones, as sites make them that turn a text into "fancy letters".

Knows: which signs such sites write for each letter. Must not know: rules, scores.
Rules: a run of signs is read so only where all of it is Latin letters then and a word comes out, or words come out of most such runs of the
text: what is written in those scripts stays.
"""
# ruff: noqa: RUF001 - characters that look like others are what this is about

import string

_ALPHABETS = (
    "₳฿₵ĐɆ₣₲ⱧłJ₭Ⱡ₥₦Ø₱QⱤ₴₮ɄV₩ӾɎⱫ",  # currencies
    "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙",  # strokes of Chinese and Japanese
    "ąცƈɖɛʄɠɧıʝƙƖɱŋơ℘զཞʂɬų۷ῳҳყʑ",  # hooks
    "ค๒ς๔єŦﻮђเןкl๓ภ๏קợгรtยשฬאץz",  # Thai, Hebrew, Arabic
    "ꋬꃳꉔ꒯ꏂꊰꍌꁝ꒐꒻ꀘ꒒ꂵꋊꄲꉣꆰꋪꇙ꓄꒤꒦ꅐꉧꌦꁴ",  # Yi
    "ᗩᗷᑕᗪEᖴGᕼIᒍKᒪᗰᑎOᑭᑫᖇᔕTᑌᐯᗯ᙭Yᘔ",  # Canadian syllabics
    "αвc∂єfgнιנкℓмησρqяѕтυνωχуz",  # Greek and Cyrillic
    "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑQꓣꓢꓔꓴꓦꓪꓫꓬꓜ",  # Lisu
    "ДБCDЁFGЊЇЈКLМИФРQЯSГЦVЩЖЧZ",
    "ᎯᏰᏨᎠᎬᎰᎶᎻᎨᏠᏦᏝᎷᏁᎾᏢᎤᏒᏕᎿᏬᏉᏯᎲᎩᏃ",  # Cherokee
    "ልጌርዕቿቻኗዘጎጋጕረጠክዐየዒዪነፕሁሀሠሸሃጊ",  # Ethiopic
    "ᚨᛒᚲᛞᛖᚠᚷᚺᛁᛃᚲᛚᛗᚾᛟᛈᚲᚱᛊᛏᚢᚹᚹᛪᚤᛉ",  # runes
    "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵",  # Braille
)
"""Each in the order of the Latin alphabet."""


EMOJI = dict(zip("⭕🔴❌❎✖✝❗❕ℹ💲©®📧", "ooxxxtiiiscre", strict=True))
"""Emoji that are drawn for a letter."""
_SINGLE = dict(zip("ћэшщцчфжѣ", "hewwuyoxb", strict=True))


def _letters() -> dict[str, str]:
    found = EMOJI | _SINGLE
    for alphabet in _ALPHABETS:
        for sign, letter in zip(alphabet, string.ascii_lowercase, strict=True):
            if not sign.isascii():
                found.setdefault(sign, letter)
                found.setdefault(sign.lower(), letter)
    return found


LETTERS = _letters()
"""The Latin letter that each sign stands for."""
