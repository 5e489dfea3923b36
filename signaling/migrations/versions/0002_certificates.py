"""Certificates, revocations and the grace time of a group. Groups from before have no certificates yet."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns. The organiser's page issues certificates for groups that have none."""
    op.add_column("groups", sa.Column("certificates", sa.String, nullable=False, server_default=""))
    op.add_column("groups", sa.Column("revocations", sa.String))
    op.add_column("groups", sa.Column("grace_seconds", sa.Integer, nullable=False, server_default="600"))


def downgrade() -> None:
    """An older version would let revoked facilitators in."""
    raise RuntimeError("groups cannot do without their certificates and revocations")
