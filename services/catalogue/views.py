"""Titles as surfaces read them, and as they are handed in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Origin = Literal["real", "demo"]


@dataclass(frozen=True, slots=True)
class TitleDraft:
    """A title as it is published; paths are relative to the media store.

    `attribution` is what the licence asks to be shown, changes included. A title with origin `demo` was put there by
    the demo and goes with it.
    """

    slug: str
    title: str
    description: str
    creator_name: str
    attribution: str
    duration_seconds: int
    hls_path: str
    poster_path: str
    thumbnail_path: str
    origin: Origin = "real"


@dataclass(frozen=True, slots=True)
class TitleView(TitleDraft):
    """A title that can be watched."""

    id: str = ""
    published_at: datetime | None = None

    @property
    def draft(self) -> TitleDraft:
        """The title as it was handed in, to compare it with another."""
        return TitleDraft(
            slug=self.slug,
            title=self.title,
            description=self.description,
            creator_name=self.creator_name,
            attribution=self.attribution,
            duration_seconds=self.duration_seconds,
            hls_path=self.hls_path,
            poster_path=self.poster_path,
            thumbnail_path=self.thumbnail_path,
            origin=self.origin,
        )
