"""Dash's component scripts for every surface from one address, versioned by content and compressed beforehand.

By default each Dash app has copies of its own under its prefix; here a second surface downloads nothing again.
"""

import hashlib
import importlib
import mimetypes
from pathlib import Path
from typing import Final

from dash.fingerprint import check_fingerprint
from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from services.kernel.errors import NotFound
from web.shell.public_files import served_response
from web.shell.routes import PUBLIC, route
from web.shell.state import shell_of
from web.ui.compression import IMMUTABLE, CompressedStore, Encoding, Served, accepted

SHELL_PACKAGE: Final = "shell"
_EXTENSION: Final = "greenlight_bundles"
_CLIENT_FOLDER: Final = Path(__file__).parent / "client"


class Bundles:
    """The scripts that the surfaces of one server have asked for; nothing else is served."""

    def __init__(self, store: CompressedStore) -> None:
        self._store = store
        self._files: dict[tuple[str, str], Path] = {}
        self._hashes: dict[tuple[str, str], str] = {}
        self._versions: dict[str, str] = {}
        self._served: dict[tuple[str, str, Encoding], Served] = {}
        for path in sorted(_CLIENT_FOLDER.glob("*.js")):
            self._add(SHELL_PACKAGE, path.name, path)

    def register(self, package: str, paths: set[str]) -> None:
        """Take in the scripts of a component package that a surface uses, lazily loaded ones included."""
        folder = Path(str(importlib.import_module(package).__file__)).parent
        for relative in paths:
            file = folder / relative
            # The full plotly bundle and source maps are megabytes that no page of ours asks for.
            if relative.endswith((".js", ".css")) and package != "plotly" and file.is_file():
                self._add(package, relative, file)

    def url(self, package: str, path: str) -> str:
        """Return where a script is served.

        The version stands before the package, since scripts find their lazy parts beside themselves by plain name.
        Raises: KeyError for a script that no surface has registered.
        """
        return f"/static/dash/{self._version(package)}/{package}/{self._known(package, path)}"

    def url_of_fingerprinted(self, package: str, fingerprinted: str) -> str:
        """Return where a script is served that Dash names with its fingerprint."""
        return self.url(package, str(check_fingerprint(fingerprinted)[0]))

    def find(self, version: str, package: str, path: str, accept_encoding: str | None) -> Served | None:
        """Return a script in the best coding, or nothing for another version or an unknown one."""
        file = self._files.get((package, path))
        if file is None or version != self._version(package):
            return None
        key = (package, path, accepted(accept_encoding))
        if key not in self._served:
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            self._served[key] = self._store.serve(
                file.read_bytes(), f"{kind}; charset=utf-8", accept_encoding, IMMUTABLE
            )
        return self._served[key]

    def _add(self, package: str, relative: str, file: Path) -> None:
        if (package, relative) not in self._files:
            self._files[package, relative] = file
            self._hashes[package, relative] = hashlib.sha256(file.read_bytes()).hexdigest()

    def _known(self, package: str, path: str) -> str:
        if (package, path) not in self._files:
            raise KeyError(f"{package}/{path} is not among the scripts of any surface.")
        return path

    def _version(self, package: str) -> str:
        # Over all files of a package, so that a script and its lazy parts always come from one release; and fixed
        # once it is given out, since Dash names a package's files all at once.
        if package not in self._versions:
            parts = sorted(f"{path}:{digest}" for (name, path), digest in self._hashes.items() if name == package)
            self._versions[package] = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return self._versions[package]


def bundles_of(server: Flask) -> Bundles:
    """Return the scripts of a server."""
    found: Bundles = server.extensions[_EXTENSION]
    return found


def blueprint(server: Flask) -> Blueprint:
    """Return the route of this module, and keep the scripts on their server."""
    shell = shell_of(server)
    store = shell.ports.static.store if shell.ports.static else CompressedStore(shell.config.bundle_folder)
    server.extensions[_EXTENSION] = Bundles(store)
    views = Blueprint("bundles", __name__)

    @route(views, "/static/dash/<version>/<package>/<path:path>", access=PUBLIC, anonymous=True)
    def script(version: str, package: str, path: str) -> Response:
        """Serve a component script."""
        served = bundles_of(server).find(version, package, path, request.headers.get("Accept-Encoding"))
        if served is None:
            raise NotFound("file_unknown", "There is no such file, or it is of another release; reload the page.")
        return served_response(served)

    return views
