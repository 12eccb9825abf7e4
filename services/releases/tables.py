"""What releases store: when which version went live."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class ReleaseRow(Base):
    """A version that went live; who noted it stands in the audit trail."""

    __tablename__ = "releases_deploys"

    id: Mapped[str] = column(PersonalData.NONE, sa.String(64), primary_key=True)
    version: Mapped[str] = column(PersonalData.NONE, sa.String(100))
    note: Mapped[str] = column(PersonalData.NONE)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8), index=True)
    deployed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
