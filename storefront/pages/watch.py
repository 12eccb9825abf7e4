"""The watch page: the player, what is shown, and what was measured of this very play."""

from collections.abc import Sequence
from typing import Final

from dash import html
from dash.development.base_component import Component

from services.catalogue.views import TitleView
from services.payments.views import OfferView
from storefront.media import media_url
from storefront.pages.shop import buy_path, running_time, title_card
from web.ui import Node, attrs, button, card, facts, icon
from web.ui.nodes import flatten

BEACONS: Final = "/ingest/cmcd"
STATUS_FIGURE: Final = "/status/figures/join_time_p95/"
OTHERS_MAX: Final = 5


def watch_page(title: TitleView, titles: Sequence[TitleView], offer: OfferView | None = None) -> Component:
    """The player with its words at the left, this play and further titles at the right; what it costs, if it does."""
    others = [each for each in titles if each.slug != title.slug][:OTHERS_MAX]
    left = html.Div([_player(title), _about(title, offer)], className="stage")
    right = html.Div([_this_play(), *([_further(others)] if others else [])], className="beside")
    return html.Div([left, right], className="watch")


def _player(title: TitleView) -> Component:
    source = media_url(title.hls_path)
    without_script = html.Noscript(
        html.P(["Playing here needs JavaScript. ", html.A("Open the stream in another player", href=source), "."])
    )
    return html.Div(
        [
            html.Video(
                poster=media_url(title.poster_path),
                playsInline=True,
                width="1280",
                height="720",
                **attrs(aria_label=title.title),
            ),
            html.Button(
                [icon("play", size=34), html.Span(f"Play {title.title}", className="sr-only")],
                type="button",
                className="play",
                hidden=True,
                **attrs(data_player_start="true"),
            ),
            html.Span(className="spin", role="presentation"),
            _fault(),
            without_script,
        ],
        className="player",
        **attrs(
            data_player="true", data_source=source, data_content=title.slug, data_beacons=BEACONS, data_state="unready"
        ),
    )


def _fault() -> Component:
    return html.Div(
        [
            icon("circle-alert", size=26),
            html.P(**attrs(data_fault_words="true")),
            html.P(["Reference ", html.Code()], className="small", **attrs(data_fault_reference="true")),
            html.Button([icon("rotate-cw", size=15), html.Span("Try again")], type="button", className="btn"),
        ],
        className="fault",
        role="alert",
        hidden=True,
        **attrs(data_player_fault="true"),
    )


def _about(title: TitleView, offer: OfferView | None) -> Component:
    return html.Div(
        flatten([
            html.H1(title.title),
            html.P(
                [html.B(title.creator_name), html.Span(running_time(title.duration_seconds), className="num")],
                className="by",
            ),
            html.P(title.description, className="told"),
            _offer(offer) if offer is not None else None,
            html.P(title.attribution, className="licence"),
        ]),
        className="about",
    )  # fmt: skip


def _offer(offer: OfferView) -> Component:
    buy = button(f"Buy for {offer.price}", href=buy_path(offer.title_slug), kind="primary", icon_name="shopping-bag")
    return html.Div([buy, html.Span("Watching stays free; buying pays its maker.")], className="offer")


def _place(name: str, words: str = "—") -> Component:
    return html.Span(words, className="num", **attrs(data_play=name))


def _this_play() -> Component:
    """Two accounts of the same play, side by side: the page's own measurement, and the collector's record."""
    figures = html.Div(
        [
            _account("In this page", "measured", html.Small("press to moving frame")),
            _account("By the collector", "recorded", html.Small(_place("age", ""), **attrs(aria_live="off"))),
        ],
        className="accounts",
    )
    rows: dict[str, Node] = {
        "Stalls, here": _place("stalls"),
        "Stalls, recorded": _place("recorded-stalls"),
        "State, recorded": _place("recorded-state"),
        "Session": html.Span("—", className="mono", **attrs(data_play="session")),
    }
    body = html.Div([figures, facts(rows)], className="after")
    before = html.P(
        "Press play. How long it takes until the picture moves is measured here in the page and, separately, by our "
        "collector from the player's reports. Both appear here.",
        className="before",
    )
    link = html.A(
        ["This play counts in the public join time ", icon("arrow-right", size=14)],
        href=STATUS_FIGURE,
        className="link",
    )
    panel = card([before, body, html.P(link, className="onward")], title="This play")
    return html.Div(panel, **attrs(data_play_panel="true", data_state="waiting"))


def _account(label: str, name: str, under: Component) -> Component:
    return html.Div([html.Span(label), html.B(_place(name)), under])


def _further(others: Sequence[TitleView]) -> Component:
    shelf = html.Ul([title_card(each, small=True) for each in others], className="shelf small")
    return html.Section([html.H2("More to watch"), shelf], className="further")
