"""Our own face, Inter, for drawing: how wide a text is, and the font that Pillow draws with."""

import io
import threading
from typing import Final

from PIL import ImageFont

from web.ui.static import StaticManifest

_FACE: Final = "inter.woff2"


class Lettering:
    """Measures and draws in Inter from the front-end build; nothing is fetched, and no system font is needed."""

    def __init__(self, manifest: StaticManifest) -> None:
        self._manifest = manifest
        self._fonts: dict[tuple[float, int], ImageFont.FreeTypeFont] = {}
        self.lock = threading.RLock()
        """To be held while drawing: FreeType's faces are not for two threads at once."""

    def font(self, size: float, weight: int = 400) -> ImageFont.FreeTypeFont:
        """Return the face in a size and a weight.

        Units: pixels.
        """
        with self.lock:
            found = self._fonts.get((size, weight))
            if found is None:
                found = ImageFont.truetype(io.BytesIO(self._manifest.body(_FACE)), size)
                found.set_variation_by_axes([weight])
                self._fonts[size, weight] = found
            return found

    def width(self, text: str, size: float, weight: int = 400) -> float:
        """Return how wide a text is.

        Units: pixels.
        """
        with self.lock:
            return float(self.font(size, weight).getlength(text))

    def cut(self, text: str, size: float, weight: int, room: float) -> str:
        """Return a text that fits into a room, with an ellipsis where something had to go."""
        if self.width(text, size, weight) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(f"{text[:middle].rstrip()}…", size, weight) <= room:
                low = middle
            else:
                high = middle - 1
        return f"{text[:low].rstrip()}…"
