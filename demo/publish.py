"""Puts the demo's titles into the catalogue, once each."""

from collections.abc import Sequence
from typing import Final, Protocol

from demo.media import BuiltTitle
from demo.titles import DURATION_SECONDS
from services.catalogue.views import TitleDraft, TitleView
from services.kernel.context import Actor, JobActor

PUBLISHER: Final = JobActor("demo.titles", frozenset({"catalogue.publish", "catalogue.read"}))


class PublishedTitles(Protocol):
    """The catalogue's verbs that the demo uses."""

    def titles(self, actor: Actor) -> Sequence[TitleView]:
        """Return every title."""
        ...

    def publish(self, actor: Actor, draft: TitleDraft) -> str:
        """Put a title into the catalogue, or replace the one of the same slug."""
        ...


def publish_titles(catalogue: PublishedTitles, built: Sequence[BuiltTitle]) -> int:
    """Publish the titles that the catalogue does not have in just this form; return how many that were."""
    known = {title.slug: title.draft for title in catalogue.titles(PUBLISHER)}
    wanted = [draft_of(title) for title in built]
    changed = [draft for draft in wanted if known.get(draft.slug) != draft]
    for draft in changed:
        catalogue.publish(PUBLISHER, draft)
    return len(changed)


def draft_of(title: BuiltTitle) -> TitleDraft:
    """Return a built title as the catalogue takes it."""
    recipe = title.recipe
    return TitleDraft(
        slug=recipe.slug,
        title=recipe.title,
        description=recipe.description,
        creator_name=recipe.creator,
        attribution=recipe.attribution,
        duration_seconds=DURATION_SECONDS,
        hls_path=title.hls_path,
        poster_path=title.poster_path,
        thumbnail_path=title.thumbnail_path,
        origin="demo",
    )
