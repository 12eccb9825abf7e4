"""The storefront on a server of its own, over a catalogue and a media folder that a test fills."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.catalogue import TitleView
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from storefront.ports import Storefront
from storefront.surface import register
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.bundles import build

TITLES = tuple(
    TitleView(
        slug=slug,
        title=f"<b>{slug}</b>",
        description="What it shows.",
        creator_name="Blender Foundation",
        attribution="CC BY 3.0",
        duration_seconds=3_723,
        hls_path=f"{slug}/1/master.m3u8",
        poster_path=f"{slug}/1/poster.webp",
        thumbnail_path=f"{slug}/1/thumbnail.webp",
    )
    for slug in ("first", "second", "third")
)


class Shelf:
    """A catalogue of fixed titles."""

    def __init__(self, titles: Sequence[TitleView]) -> None:
        self._titles = titles

    def titles(self, actor: Actor) -> Sequence[TitleView]:
        return self._titles

    def title(self, actor: Actor, slug: str) -> TitleView:
        for title in self._titles:
            if title.slug == slug:
                return title
        raise NotFound("title_not_found", "There is no such title.")


@pytest.fixture
def media_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    (folder / "first" / "1").mkdir(parents=True)
    return folder


def client_of(titles: Sequence[TitleView], media_folder: Path, *, demo: bool = False) -> FlaskClient:
    config = ShellConfig("a secret of the tests", "http://127.0.0.1:8050", media_folder.parent / "bundles")
    server = make_server(config, Ports())
    register(server, Storefront(Shelf(titles), build(), media_folder, demo))
    return server.test_client()


@pytest.fixture
def client(media_folder: Path) -> FlaskClient:
    return client_of(TITLES, media_folder)
