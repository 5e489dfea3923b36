"""Alembic's entry: `signaling.store` hands over its connection; there is no alembic.ini and no second way in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
