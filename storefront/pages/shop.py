"""The shop's start page: what can be watched."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component
from markupsafe import escape

from services.catalogue.views import TitleView
from storefront.media import media_url
from web.ui.elements import Markup
from web.ui.icons import icon
from web.ui.layout import card, page_head
from web.ui.nodes import attrs
from web.ui.panels import Empty, empty_state

ABOVE_THE_FOLD = 3


def shop_page(titles: Sequence[TitleView]) -> list[Component]:
    """Every title as a card, or what to do where there is none."""
    head = page_head("Watch", lead="Short films and moving pictures. Free to watch, no account needed.")
    if not titles:
        nothing = Empty(
            "Nothing to watch yet",
            "No title has been published on this installation. Titles appear here as soon as they are.",
            icon_name="film",
        )
        return [head, card(empty_state(nothing))]
    cards = [title_card(title, eager=index < ABOVE_THE_FOLD) for index, title in enumerate(titles)]
    return [head, html.Ul(cards, className="shelf")]


def title_card(title: TitleView, *, eager: bool = False, small: bool = False) -> Component:
    """A title as a link with its picture, length and maker."""
    length = running_time(title.duration_seconds)
    picture = html.Span(
        [
            _picture(media_url(title.thumbnail_path), eager=eager),
            html.Span(icon("play", size=18), className="cue", **attrs(aria_hidden="true")),
            html.Span([html.Span("Length ", className="sr-only"), length], className="length num"),
        ],
        className="still",
    )
    heading = (html.H3 if small else html.H2)(html.A(title.title, href=watch_path(title.slug)))
    words = html.Div([heading, html.P(title.creator_name)], className="words")
    return html.Li([picture, words], className="title small" if small else "title")


def _picture(address: str, *, eager: bool) -> Markup:
    """A still, which waits until it is scrolled to unless it is `eager`; dash.html.Img knows no `loading`."""
    loading = "eager" if eager else "lazy"
    return Markup(f'<img src="{escape(address)}" alt="" width="640" height="360" loading="{loading}" decoding="async">')


def watch_path(slug: str) -> str:
    """The address of a title's page."""
    return f"/shop/watch/{slug}"


def buy_path(slug: str) -> str:
    """The address at which a title is bought."""
    return f"/shop/buy/{slug}"


def running_time(seconds: int) -> str:
    """A length as players write it: 1:00, 1:02:03."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
