"""The record: tables, migrations, and the one module that talks to the database.

Knows: SQLAlchemy Core on SQLite, Alembic. Must not know: platforms, scorers, what is judged or said.
Rules: everything of a batch is one transaction, all or nothing; a transition and its audit entry are committed together;
nobody else imports SQLAlchemy. Read `store.py` first; what a transaction can do stands by noun in `rooms.py`, `cases.py`,
`outbox.py`, `people.py`, `policies.py` and `audit.py`, and what it gives back in `records.py`.
"""
