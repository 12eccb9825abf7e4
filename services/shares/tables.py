"""What shares store: links, whose secrets are kept as keyed digests only, and one row for each view."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class ShareRow(Base):
    """A share link. `label` names whom it is for: a company or a purpose, as its maker wrote it."""

    __tablename__ = "shares_links"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    label: Mapped[str] = column(PersonalData.NONE)
    secret_digest: Mapped[str] = column(PersonalData.CREDENTIAL, unique=True)
    made_by: Mapped[str] = column(PersonalData.SUBJECT_ID)
    made_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    expires_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    revoked_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class ShareSightRow(Base):
    """One view through a link: when, and of what. Nothing is kept of who looked."""

    __tablename__ = "shares_sights"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    share_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("shares_links.id"), index=True)
    at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    what: Mapped[str] = column(PersonalData.NONE)
