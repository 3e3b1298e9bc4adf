"""Private details that are known by their form: bank accounts, NI and NHS numbers, addresses, phone numbers, e-mail, cars.

Knows: phonenumbers, python-stdnum, how addresses and number plates are written in Britain. Must not know: rules, whose detail it is.
Rules: looked for in folded text, placed in the original; a number whose check digits are wrong is none; what costs time is only
asked of texts that hold enough digits.

Sources: HMRC's manual NIM39110 for NI numbers, the DVLA's INF104 for number plates, BS 7666 for postcodes. Ofcom keeps numbers
such as 07700 900123 free for invented people, so a possible number is enough, if it is written as one.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn
from stdnum.gb import nhs

from bot.core.model import Detail, Private
from bot.core.text import fold

PHONE_DIGITS_MIN = 9
TEXT_CHARS_MAX = 8000
"""Longer texts are looked through up to here: no platform lets a member write more at once."""
ACCOUNT_WITHIN = 60
"""A sort code and the account number that belongs to it stand this near to each other, in characters."""
CARD_DIGITS = range(13, 20)

_STREETS = (
    "street st road rd lane ln avenue ave close drive way court gardens garden terrace crescent cres place grove hill row square "
    "mews walk view rise parade villas buildings mansions house heights wharf quay green"
).split()
_POSTCODE = r"(?:gir ?0aa|[a-z]{1,2}\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{2})"
_HOUSE = r"(?:(?:flat|apartment|apt|unit) ?\w{1,4},? ?(?:of )?|no\.? ?|number )?\d{1,4}[a-f]?"
_WORD = r"(?!(?:on|in|at|to|of|and|people|doors|houses|for|from|by|with|years|minutes|votes|miles|or|is|are|a)\b)[a-z][a-z'.-]*"
_ADDRESS = re.compile(
    rf"(?<![\w£$€.:/-]){_HOUSE},? "
    rf"(?:(?:the )?(?:{_WORD} ){{1,3}}(?:{'|'.join(_STREETS)})\b(?:,? (?:[\w'-]+,? ){{0,4}}{_POSTCODE}\b)?|{_POSTCODE}\b)"
)
_SORT_CODE = re.compile(r"(?<![\d-])\d{2}([- ])\d{2}\1\d{2}(?![\d-])|(?<=sort code )\d{6}\b|(?<=sort code: )\d{6}\b")
_ACCOUNT = re.compile(r"(?<![\d-])\d{8}(?![\d-])|(?<![\d-])\d{4} \d{4}(?![\d -])")
_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z\d]{2,4}){3,8}\b")
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_NINO = re.compile(r"\b(?!bg|gb|kn|nk|nt|tn|zz)[abceghj-prstw-z][abceghj-nprstw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b")
_NI_NAMED = re.compile(r"\b(?:ni|nino|national insurance|insurance (?:no|number))\b")
_NHS = re.compile(r"\bnhs (?:no|num|number)\b\.?[^\d\n]{0,12}(\d{3}[ -]?\d{3}[ -]?\d{4})\b")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z\d-]{1,63}\.){1,4}[a-z]{2,24}\b")
_PLATE = re.compile(r"\b[a-z]{2}\d{2} ?[a-z]{3}\b|\b[a-z]\d{1,3} ?[a-z]{3}\b")
_CARS = re.compile(r"\b(?:car|cars|van|reg|registration|plate|plates|number ?plate|drives|driving|parked|vehicle|motor|bike|motorbike)\b")
_CAR_WITHIN = _NAMED_WITHIN = 80
"""What says that something is a number plate or an NI number stands this near to it, in characters."""
_MARKUP = re.compile(r"<[@#][!&]?\w+(?:\|[^>]*)?>|<a?:\w+:\d+>|https?://(?!wa\.me/)[^\s>|]+", re.IGNORECASE)
"""What a chat writes with ids in it: mentions, rooms, emoji, links. Their numbers are nobody's."""
_ASKS_PHONE = re.compile(r"[+0]")


def details_in(text: str, known: frozenset[str] = frozenset()) -> tuple[Detail, ...]:
    """Every private detail that stands in a text, by place. `known` are the office's own, as `plain_detail` writes them."""
    if not any(sign.isdigit() or sign in "@\uff20" for sign in text):
        return ()
    folded = fold(_MARKUP.sub(lambda markup: " " * len(markup[0]), text[:TEXT_CHARS_MAX]))
    found: list[Detail] = []
    for kind, look in _LOOKS:
        for start, end in look(folded.text):
            first, last = folded.original(start, end)
            overlaps = any(first < other.end and other.start < last for other in found)
            if not overlaps and plain_detail(folded.text[start:end]) not in known:
                found.append(Detail(kind=kind, start=first, end=last))
    return tuple(sorted(found, key=lambda one: one.start))


def plain_detail(written: str) -> str:
    """A detail without blanks and signs, a phone number as it is dialled here: how two ways of writing it are known as one."""
    plain = "".join(sign for sign in fold(written).text if sign.isalnum() or sign == "@")
    return "0" + plain[2:].removeprefix("0") if plain.startswith("44") and plain.isdigit() else plain


def _bank(text: str) -> Iterator[tuple[int, int]]:
    for found in _IBAN.finditer(text):
        if iban.is_valid(found[0]):
            yield found.span()
    for found in _CARD.finditer(text):
        digits = "".join(filter(str.isdigit, found[0]))
        if len(digits) in CARD_DIGITS and luhn.is_valid(digits) and not digits.startswith("0"):
            yield found.span()
    for code in _SORT_CODE.finditer(text):
        near = [one for one in _ACCOUNT.finditer(text) if abs(one.start() - code.end()) <= ACCOUNT_WITHIN]
        if near:
            yield min(code.start(), near[0].start()), max(code.end(), near[0].end())


def _identity(text: str) -> Iterator[tuple[int, int]]:
    for found in _NINO.finditer(text):  # written in one it may be a part number, unless it is called what it is
        if " " in found[0] or _NI_NAMED.search(text, max(0, found.start() - _NAMED_WITHIN), found.end() + _NAMED_WITHIN):
            yield found.span()
    yield from (found.span(1) for found in _NHS.finditer(text) if nhs.is_valid(found[1]))


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _ADDRESS.finditer(text))


def _emails(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _EMAIL.finditer(text))


def _phones(text: str) -> Iterator[tuple[int, int]]:
    if sum(map(str.isdigit, text)) < PHONE_DIGITS_MIN:
        return
    for match in PhoneNumberMatcher(text, "GB", leniency=Leniency.POSSIBLE):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        if _ASKS_PHONE.match(match.raw_string) and len(number) >= PHONE_DIGITS_MIN:
            yield match.start, match.end


def _cars(text: str) -> Iterator[tuple[int, int]]:
    for found in _PLATE.finditer(text):
        if _CARS.search(text, max(0, found.start() - _CAR_WITHIN), found.end() + _CAR_WITHIN):
            yield found.span()


_LOOKS: Sequence[tuple[Private, Callable[[str], Iterator[tuple[int, int]]]]] = (
    (Private.BANK, _bank),
    (Private.IDENTITY, _identity),
    (Private.EMAIL, _emails),
    (Private.PHONE, _phones),
    (Private.ADDRESS, _addresses),
    (Private.CAR, _cars),
)
"""In this order: what an earlier one found is not read again as something else."""
