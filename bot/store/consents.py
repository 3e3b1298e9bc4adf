"""Who was asked whether the owner of a private detail agreed, and what they said.

Knows: questions, who was asked, answers. Must not know: what a detail is, what follows from an answer.
Rules: one question for each case and account; a new detail of the same case takes back an earlier yes, because that was said of another.
"""

from datetime import datetime

from sqlalchemy import case as either
from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert

from bot.store.part import Part, Row, given, where
from bot.store.records import Consent, ConsentAnswer, ConsentRole
from bot.store.tables import consents

DUE_MAX = 100
"""Questions without an answer that are looked at in one round."""
_FIELDS = ("case", "platform", "server", "room", "message", "account", "asked_at", "answer_by", "answered_at")
_CONSENT_IN = insert(consents)
_ANSWERED = consents.c.answer.in_(("yes", ""))
_ASK = _CONSENT_IN.on_conflict_do_update(
    index_elements=list(consents.primary_key.columns),
    set_={
        "answer": either((_ANSWERED, ""), else_=consents.c.answer),
        **{name: either((_ANSWERED, _CONSENT_IN.excluded[name]), else_=consents.c[name]) for name in ("message", "room", "answer_by")},
    },
)
OF_CASE_CONSENTS = select(consents).where(where(consents, "case")).order_by(consents.c.role, consents.c.account)
_DUE = (
    select(consents)
    .where(where(consents, "answer"), consents.c.answer_by <= given("now"))
    .order_by(consents.c.answer_by)
    .limit(given("limit"))
)
_ANSWER = update(consents).where(where(consents, "case", "account"))


class ConsentsPart(Part):
    """Questions whether somebody agreed."""

    async def ask_consent(self, one: Consent) -> None:
        """Record that somebody is asked."""
        await self._add(_ASK, **{name: getattr(one, name) for name in _FIELDS}, role=one.role.value, answer=one.answer.value)

    async def consents_of(self, case: int) -> tuple[Consent, ...]:
        """Everybody who was asked in a case."""
        return tuple(consent(row) for row in await self._all(OF_CASE_CONSENTS, case=case))

    async def consents_due(self, limit: int = DUE_MAX) -> tuple[Consent, ...]:
        """Questions whose time to answer is over, the oldest first."""
        return tuple(consent(row) for row in await self._all(_DUE, answer=ConsentAnswer.WAITING.value, now=self.now, limit=limit))

    async def answer_consent(self, case: int, account: str, answer: ConsentAnswer, at: datetime) -> None:
        """Record what was said; said again, it takes the place of what was said before."""
        await self._change(_ANSWER, {"answer": answer.value, "answered_at": at}, case=case, account=account)


def consent(row: Row) -> Consent:
    """A row as a record."""
    plain = {name: row[name] for name in _FIELDS}
    return Consent(**plain, role=ConsentRole(row["role"]), answer=ConsentAnswer(row["answer"]))
