"""Makes a copy of the whole site: every public document, as this installation itself answers it."""

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.client import INTERNAL_SERVER_ERROR, OK
from typing import Final

from flask import Flask
from flask.testing import FlaskClient

from services.kernel.errors import Unavailable
from services.public import PublicServices
from status_page.copying.folder import CopyFolder, Draft
from status_page.copying.places import Place, belongs, seeds
from status_page.copying.rewriting import rewritten, targets, with_policy
from status_page.documents import blueprint as documents
from status_page.frame import COPY_STALE_SECONDS, PREFIX
from status_page.programs.badges import SPANS
from status_page.programs.documents import blueprint as programs
from status_page.programs.site import Site
from status_page.programs.told import Told
from status_page.programs.v2 import instant
from status_page.reading import months_back
from status_page.snapshot import Freshness, Snapshot
from status_page.surface import MONTHS_SHOWN, register
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.static import StaticManifest

DOCUMENTS_MOST: Final = 5_000
"""More than these would make a copy slow to follow; what is over leads to the live site."""
ABOUT: Final = "status/copy.json"
_ONE_STATE: Final = Freshness(figures_seconds=3_600.0, rest_seconds=3_600.0)
_ASSET: Final = re.compile(rb"/static/([0-9a-f]+)/([A-Za-z0-9._-]+)")
_START: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Status</title>'
    f'<meta http-equiv="refresh" content="0;url={PREFIX}"><h1><a href="{PREFIX}">Status</a></h1></html>'
)


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: when it was true, how many documents, and how many are only on the live site."""

    as_of: datetime
    documents: int
    left_out: int


class Copying:
    """Makes copies of the public site of one installation."""

    def __init__(
        self, public: PublicServices, config: ShellConfig, manifest: StaticManifest, folder: CopyFolder
    ) -> None:
        self._public, self._config, self._manifest, self.folder = public, config, manifest, folder

    def write(self, most: int = DOCUMENTS_MOST) -> Copied:
        """Write a copy of now, and serve it from then on; whatever fails, the copy before stays.

        Raises: Unavailable where our own database cannot be read; Conflict where another process writes a copy;
        OSError where the folder cannot be written.
        """
        with self.folder.draft() as draft:
            # A server of its own for each copy: all of its documents then tell the same state.
            snapshot = Snapshot(self._public, self.folder.path / "state.json", _ONE_STATE)
            site = Site(self._public, snapshot, self._config.public_url, self._manifest, copied=True)
            told = site.told()
            if not told.state.current:
                raise Unavailable("copy_unknown", "The state cannot be read now, so no copy of it is made.")
            walk = _Walk(self._server(snapshot, site), draft, most)
            walk.through(seeds(walk.server, _known(told)))
            walk.turn_links(site.origin)
            self._write_assets(draft, walk)
            draft.write("index.html", _START.encode())
            copied = Copied(told.state.as_of, len(walk.done), len(walk.left_out))
            draft.write(ABOUT, _about(copied, site.origin))
        return copied

    def _server(self, snapshot: Snapshot, site: Site) -> Flask:
        server = make_server(self._config, Ports(static=self._manifest), clock=self._public.clock)
        server.register_blueprint(documents(self._public, snapshot))
        server.register_blueprint(programs(site))
        register(server, self._public, snapshot, self._manifest, copied=True)
        return server

    def _write_assets(self, draft: Draft, walk: "_Walk") -> None:
        """Write the files of the front-end that pages name, and those that these name in turn."""
        left, names = [walk.assets], set[str]()
        while left:
            new = {name.decode() for _, name in left.pop()} - names
            names |= new
            for name in new & set(self._manifest.names()):
                body = self._manifest.body(name)
                draft.write(self._manifest.url(name).lstrip("/"), body)
                left.append(set(_ASSET.findall(body)))


@dataclass
class _Walk:
    """Goes through the site, from what programs ask for and along the links of pages.

    `done` has the policy of each page, and nothing for a document that is none.
    """

    server: Flask
    draft: Draft
    most: int
    done: dict[Place, str] = field(default_factory=dict)
    left_out: set[Place] = field(default_factory=set)
    assets: set[tuple[bytes, bytes]] = field(default_factory=set)

    def through(self, first: Iterable[Place]) -> None:
        """Write every document as it is answered."""
        client = self.server.test_client(use_cookies=False)
        queue = deque(dict.fromkeys([Place(PREFIX), *(each for each in first if belongs(self.server, each))]))
        seen = set(queue)
        while queue:
            place = queue.popleft()
            if len(self.done) >= self.most:
                self.left_out.add(place)
                continue
            for target in map(Place.of, self._take(client, place)):
                if target not in seen and belongs(self.server, target):
                    seen.add(target)
                    queue.append(target)

    def turn_links(self, origin: str) -> None:
        """Let the links of every page lead to what the copy holds, and the others to the live site."""

        def turn(address: str) -> str:
            place = Place.of(address)
            if place in self.done:
                return place.href
            return address if address.startswith("/static/") or address == "/" else f"{origin}{address}"

        for place, policy in self.done.items():
            if policy:
                text = rewritten(self.draft.read(place.file).decode(), place.address, turn)
                self.draft.replace(place.file, with_policy(text, policy).encode())

    def _take(self, client: FlaskClient, place: Place) -> list[str]:
        """Write one document, and return where it leads.

        Raises: Unavailable where it cannot be made: a copy without it would not be whole.
        """
        answer = client.get(place.address)
        if answer.status_code >= INTERNAL_SERVER_ERROR:
            raise Unavailable("copy_incomplete", f"{place.address} could not be made: {answer.status}.")
        if answer.status_code != OK:
            return []
        is_page = answer.mimetype == "text/html"
        self.done[place] = answer.headers["Content-Security-Policy"] if is_page else ""
        self.draft.write(place.file, answer.data)
        if not is_page:
            return []
        self.assets |= set(_ASSET.findall(answer.data))
        return targets(answer.text, place.address)


def _known(told: Told) -> Mapping[str, Sequence[str]]:
    """The values of the variables in addresses."""
    state = told.state
    components = [each.id for each in state.components.components]
    groups = [each.id for each in state.components.groups]
    return {
        "component_id": components,
        "group_id": groups,
        "part_id": [*components, *groups],
        "incident_id": [each.id for each in (*told.incidents, *told.maintenances)],
        "month": [f"{month:%Y-%m}" for month in months_back(told.now.date(), MONTHS_SHOWN)],
        "name": [each.name for each in state.figures],
        "span": list(SPANS),
    }


def _about(copied: Copied, origin: str) -> bytes:
    told = {
        "as_of": instant(copied.as_of), "stale_after_seconds": COPY_STALE_SECONDS, "live": f"{origin}{PREFIX}",
        "documents": copied.documents, "left_out": copied.left_out,
    }  # fmt: skip
    return json.dumps(told).encode()
