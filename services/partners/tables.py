"""What partners store: keys, whose secrets are kept as keyed digests only."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class KeyRow(Base):
    """An API key. `last_used_at` is coarse: it says that a key is in use, and nothing of each call."""

    __tablename__ = "partners_keys"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    name: Mapped[str] = column(PersonalData.NONE)
    salt: Mapped[str] = column(PersonalData.CREDENTIAL)
    secret_digest: Mapped[str] = column(PersonalData.CREDENTIAL)
    permissions: Mapped[list[str]] = column(PersonalData.NONE, sa.JSON)
    made_by: Mapped[str] = column(PersonalData.SUBJECT_ID)
    made_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    expires_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    revoked_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    last_used_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
