"""Serves the titles' files: playlists, segments and pictures, to players of any origin.

A path holds the digest of what made the file, so every answer may be kept for ever.
"""

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, make_response, send_from_directory
from werkzeug.exceptions import NotFound as NoFile

from services.kernel.errors import NotFound
from web.shell.routes import PUBLIC, route

PREFIX: Final = "/media/"
TYPES: Final = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".ts": "video/mp2t",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt; charset=utf-8",
}
"""Everything that is served; any other ending is not there."""
CACHE: Final = "public, max-age=31536000, immutable"
HEADERS: Final = {
    # Players on other sites may fetch our media, and see how long it took.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, Date, X-Correlation-Id",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "Cache-Control": CACHE,
}


def media_url(path: str) -> str:
    """Return the address of a file of the media store."""
    return f"{PREFIX}{path}"


def media_blueprint(folder: Path) -> Blueprint:
    """Return the door to the files below a folder."""
    blueprint = Blueprint("storefront_media", __name__)

    @route(blueprint, f"{PREFIX}<path:path>", access=PUBLIC, anonymous=True)
    def media(path: str) -> Response:
        kind = TYPES.get(Path(path).suffix)
        # A name that starts with a dot is a title that is still being made.
        if kind is None or any(part.startswith(".") for part in path.split("/")):
            raise _missing()
        try:
            response = make_response(send_from_directory(folder.absolute(), path, mimetype=kind, conditional=True))
        except NoFile:
            raise _missing() from None
        response.headers.update(HEADERS)
        return response

    return blueprint


def _missing() -> NotFound:
    return NotFound("media_not_found", "There is no such file; open the title's page again for its present address.")
