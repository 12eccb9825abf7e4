"""An SVG document whose words are escaped and whose shapes are stretched to the box around it."""

from collections.abc import Sequence

from markupsafe import escape

from web.ui.elements import Markup


def drawing(shapes: Sequence[str], *, width: int, height: int, title: str, description: str, look: str) -> Markup:
    """The shapes in a box, with a title and a description for those who do not see them.

    `shapes` are SVG elements made of numbers and fixed names only; the words are escaped here.
    """
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(shapes)}</svg>",
        tag="div",
        className=look,
    )
