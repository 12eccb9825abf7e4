"""The rows of the catalogue."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class TitleRow(Base):
    """One title that can be watched."""

    __tablename__ = "catalogue_titles"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    slug: Mapped[str] = column(PersonalData.NONE, unique=True)
    title: Mapped[str] = column(PersonalData.NONE)
    description: Mapped[str] = column(PersonalData.NONE)
    creator_name: Mapped[str] = column(PersonalData.PROFILE)
    attribution: Mapped[str] = column(PersonalData.PROFILE)
    duration_seconds: Mapped[int] = column(PersonalData.NONE)
    hls_path: Mapped[str] = column(PersonalData.NONE)
    poster_path: Mapped[str] = column(PersonalData.NONE)
    thumbnail_path: Mapped[str] = column(PersonalData.NONE)
    origin: Mapped[str] = column(PersonalData.NONE, index=True)
    published_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
