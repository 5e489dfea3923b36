"""Groups, the meetings that run now, what was revoked in them, and the server's own values."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "groups",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("root_key", sa.String, nullable=False),
        sa.Column("door_key", sa.String, nullable=False),
        sa.Column("role_keys", sa.String, nullable=False),
        sa.Column("profile", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("group_id", sa.String, sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
        sa.Column("room", sa.String, nullable=False),
        sa.Column("started", sa.Float, nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("meeting_id", sa.String, sa.ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("digest", sa.String, primary_key=True),
    )
    op.create_table(
        "server",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """There is nothing before the first tables."""
    raise RuntimeError("there is no version before the first")
