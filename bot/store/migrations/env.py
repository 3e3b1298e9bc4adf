# ruff: noqa: INP001 - Alembic loads it by its path
"""What Alembic runs: the migrations, on the connection and inside the transaction that `engine.py` hands over.

Knows: nothing else. Must not know: addresses or settings. Rules: commits nothing.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
