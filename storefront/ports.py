"""What the storefront is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.catalogue.views import TitleView
from services.kernel.context import Actor
from web.ui.static import StaticManifest


class ShopTitles(Protocol):
    """The catalogue, as the shop reads it."""

    def titles(self, actor: Actor) -> Sequence[TitleView]:
        """Return every title in the order of publishing."""
        ...

    def title(self, actor: Actor, slug: str) -> TitleView:
        """Return one title.

        Raises: NotFound.
        """
        ...


@dataclass(frozen=True, slots=True)
class Storefront:
    """Everything that the storefront's pages need.

    `media_folder` is where titles' paths start; `demo` labels every page as showing generated content.
    """

    titles: ShopTitles
    manifest: StaticManifest
    media_folder: Path
    demo: bool = False
