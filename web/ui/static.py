"""The files that every surface serves from /static/: found by content hash, cached for ever, compressed beforehand."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from web.ui.compression import IMMUTABLE, CompressedStore, Served

PREFIX = "/static"
ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "assets" / "built"
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of the build.

    Units: size in bytes, uncompressed.
    """

    name: str
    hash: str
    content_type: str
    size: int

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"{PREFIX}/{self.hash}/{self.name}"


class StaticManifest:
    """What `web.ui.bundles.build` has made, by name and by hash."""

    def __init__(self, directory: Path, files: Iterable[StaticFile]) -> None:
        self._directory = directory
        self._files = {file.name: file for file in files}
        self._bodies: dict[str, bytes] = {}
        self.store = CompressedStore(directory / "compressed")

    @classmethod
    def load(cls, path: Path = BUILT / MANIFEST_NAME) -> "StaticManifest":
        """Read the manifest of a build.

        Raises: FileNotFoundError where nothing was built yet.
        """
        try:
            written = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{path} is missing: build the front-end first (`./manage.py build-assets`)."
            ) from None
        return cls(path.parent, [StaticFile(name=name, **facts) for name, facts in written["files"].items()])

    def names(self) -> list[str]:
        """The names of all files."""
        return sorted(self._files)

    def url(self, name: str) -> str:
        """The address of a file, such as /static/<hash>/tokens.css.

        Raises: KeyError for a file that the build does not make.
        """
        return self._files[name].url

    def body(self, name: str) -> bytes:
        """The file's bytes, uncompressed, kept in memory after the first reading."""
        if name not in self._bodies:
            file = self._files[name]
            self._bodies[name] = (self._directory / "files" / file.hash / file.name).read_bytes()
        return self._bodies[name]

    def text(self, name: str) -> str:
        """The file as text."""
        return self.body(name).decode("utf-8")

    def lookup(self, file_hash: str, name: str, accept_encoding: str | None) -> Served | None:
        """The answer to a request for this hash and name; none where they do not belong together."""
        file = self._files.get(name)
        if file is None or file.hash != file_hash:
            return None
        return self.store.serve(self.body(name), file.content_type, accept_encoding, IMMUTABLE)

    def sprite(self, names: Iterable[str] | None = None, *, drawn: str = "") -> str:
        """The icons as one hidden SVG for the page; only the named ones if names are given. `drawn` joins them."""
        wanted = self._symbols if names is None else {name: self._symbols[name] for name in sorted(set(names))}
        return f'<svg class="sprite" aria-hidden="true" width="0" height="0">{drawn}{"".join(wanted.values())}</svg>'

    @cached_property
    def _symbols(self) -> dict[str, str]:
        return {
            found[1]: found[0]
            for found in re.finditer(r'<symbol id="i-([^"]+)".*?</symbol>', self.text("icons.svg"), re.DOTALL)
        }

    def data_uri(self, name: str) -> str:
        """The file as a data: address, for documents that stand alone."""
        kind = self._files[name].content_type.replace(" ", "")
        return f"data:{kind};base64,{base64.b64encode(self.body(name)).decode('ascii')}"


def csp_hash(script: str) -> str:
    """The source expression that lets this one inline script run under the content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'"
