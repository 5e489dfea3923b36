"""The database's history. Alembic runs what is missing whenever a database is opened (`signaling.store`)."""
