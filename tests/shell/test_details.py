"""Private details are known by their form, whoever hides them; dates, votes and rounds are none."""

# ruff: noqa: RUF001 - look-alike digits are what a test is about

import pytest

from bot.core.model import Private
from bot.details import details_in, plain_detail


def found(text: str) -> list[tuple[str, str]]:
    return [(str(one.kind), text[one.start : one.end]) for one in details_in(text)]


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("she lives at 14 Mill Lane, M20 4ZZ, top bell", Private.ADDRESS, "14 Mill Lane, M20 4ZZ"),
        ("Flat 3, 118 Station Road", Private.ADDRESS, "Flat 3, 118 Station Road"),
        ("number 40 M20 4ZZ", Private.ADDRESS, "number 40 M20 4ZZ"),
        ("ring 07700 900123 now", Private.PHONE, "07700 900123"),
        ("ring +44 7700 900123", Private.PHONE, "+44 7700 900123"),
        ("sort code 20-00-00, account 55779911", Private.BANK, "20-00-00, account 55779911"),
        ("GB29 NWBK 6016 1331 9268 19", Private.BANK, "GB29 NWBK 6016 1331 9268 19"),
        ("card 4111 1111 1111 1111", Private.BANK, "4111 1111 1111 1111"),
        ("NI is AB 12 34 56 C", Private.IDENTITY, "AB 12 34 56 C"),
        ("her national insurance number: AB123456C", Private.IDENTITY, "AB123456C"),
        ("NHS number 943 476 5919", Private.IDENTITY, "943 476 5919"),
        ("dana.w@example.org", Private.EMAIL, "dana.w@example.org"),
        ("his car, reg AB12 CDE", Private.CAR, "AB12 CDE"),
    ],
)
def test_a_detail_is_found_where_it_stands(text: str, kind: Private, detail: str) -> None:
    assert found(text) == [(str(kind), detail)]


@pytest.mark.parametrize(
    "text",
    [
        "leaflets for 2-40 Mill Lane",
        "22 votes to 19, 14 abstentions",
        "40 people on the road",
        "GB29 NWBK 6016 1331 9268 18",
        "card 4111 1111 1111 1112",
        "GB 12 34 56 C",
        "NHS number 943 476 5918",
        "the AB12 CDE form",
        "the disk is an ST340014A",
        "on 22-11-2026 at 19:30",
        "£1,250,000 for 300 homes",
        "",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert found(text) == []


def test_disguises_are_read_and_the_original_is_pointed_at() -> None:
    text = "call ０７７００ ９００１２３ tonight"
    assert found(text) == [("phone", "０７７００ ９００１２３")]


def test_the_office_is_known_however_it_is_written() -> None:
    known = frozenset({plain_detail("020 7946 0018"), plain_detail("Office@Branch.example")})
    assert details_in("ring +44 20 7946 0018 or write to office@branch.example", known) == ()
