"""What imports store: what each thing over there became here, so that a second import changes nothing."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class ItemRow(Base):
    """One thing of another product, and what it became.

    `foreign_id` is its id over there; of a subscriber it is a digest of the address, which stays when they leave, so
    that no later import signs them up again. `digest` is of what was read, `own_digest` of what was written here.
    """

    __tablename__ = "imports_items"

    source: Mapped[str] = column(PersonalData.NONE, sa.String(80), primary_key=True)
    noun: Mapped[str] = column(PersonalData.NONE, sa.String(16), primary_key=True)
    foreign_id: Mapped[str] = column(PersonalData.PSEUDONYM, sa.String(160), primary_key=True)
    own_id: Mapped[str] = column(PersonalData.SUBJECT_ID, sa.String(64), index=True)
    digest: Mapped[str] = column(PersonalData.NONE, sa.String(64))
    own_digest: Mapped[str] = column(PersonalData.NONE, sa.String(64))
    imported_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
