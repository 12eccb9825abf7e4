"""The frames around a page: the public one, the signed-in one, and the narrow one for signing in."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.elements import Dialog
from web.ui.feedback import toasts
from web.ui.forms import hidden
from web.ui.icons import icon
from web.ui.language import _
from web.ui.nodes import Node, attrs, classes, flatten
from web.ui.overlays import PALETTE_ID, Command, palette, sure_dialog

MAIN_ID = "main"
DRAWER_ID = "drawer"


@dataclass(frozen=True, slots=True)
class NavItem:
    """One place in the navigation, with an optional count of what waits there."""

    label: str
    href: str
    icon_name: str = "circle"
    count: str | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class NavSection:
    """Places that belong together, under a quiet heading."""

    label: str
    items: Sequence[NavItem]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the frame shows it."""

    name: str
    role: str
    account_href: str
    sign_out_action: str
    csrf_token: str


def brand(name: str, *, href: str, suffix: str | None = None) -> Component:
    """The product's mark and name."""
    return html.A(
        flatten([
            html.Span(className="logo", **attrs(aria_hidden="true")),
            html.Span(name),
            html.Span(suffix, className="suffix") if suffix else None,
        ]),
        href=href,
        className="brand",
    )  # fmt: skip


def skip_link() -> Component:
    """The first stop of the Tab key: past the navigation, to the content."""
    return html.A(_("Skip to content"), href=f"#{MAIN_ID}", className="skip")


def theme_button() -> Component:
    """A button that goes through the schemes: as the system, light, dark."""
    return html.Button(
        [
            icon("sun-moon", size=16),
            html.Span(_("Theme: {scheme}", scheme=_("system")), className="sr-only", **attrs(data_theme_label="true")),
        ],
        type="button",
        className="btn quiet only",
        title=_("Change theme"),
        **attrs(data_theme_toggle="true"),
    )


def public_frame(
    children: Node,
    *,
    name: str,
    home_href: str,
    nav: Sequence[NavItem] = (),
    path: str,
    suffix: str | None = None,
    action: Node = None,
    foot_left: Node = None,
    foot_right: Node = None,
    demo: Node = None,
    wide: bool = False,
) -> Component:
    """The frame for everyone: header with navigation and one action, content, footer. It works without script."""
    here = current_href([each.href for each in nav], path)
    links = [
        html.A(each.label, href=each.href, **attrs(aria_current="page" if each.href == here else None)) for each in nav
    ]
    return html.Div(
        flatten([
            skip_link(),
            demo,
            html.Header(
                flatten([
                    brand(name, href=home_href, suffix=suffix),
                    html.Nav(links, **attrs(aria_label=_("Main"))) if links else None,
                    html.Div(flatten([theme_button(), action]), className="acts"),
                ]),
                className="top",
            ),
            html.Main(flatten(children), id=MAIN_ID, tabIndex="-1", className=classes("narrow", wide and "wide")),
            html.Footer(
                [html.Div(flatten(foot_left)), html.Nav(flatten(foot_right), **attrs(aria_label=_("More")))],
                className="foot",
            ) if foot_left or foot_right else None,
            toasts(),
        ]),
        className="public",
    )  # fmt: skip


def focus_frame(children: Node, *, name: str, home_href: str, demo: Node = None, foot: Node = None) -> Component:
    """The frame for one task, such as signing in: a narrow column in the middle of the page."""
    return html.Div(
        flatten([
            skip_link(),
            demo,
            html.Header([brand(name, href=home_href), theme_button()], className="focushead"),
            html.Main(flatten(children), id=MAIN_ID, className="focus", tabIndex="-1"),
            html.Footer(flatten(foot), className="focusfoot") if foot else None,
            toasts(),
        ]),
        className="public",
    )  # fmt: skip


def signed_in_frame(
    children: Node,
    *,
    name: str,
    home_href: str,
    sections: Sequence[NavSection],
    path: str,
    person: Person,
    commands: Sequence[Command] = (),
    demo: Node = None,
) -> Component:
    """The frame for work: navigation at the side (a drawer on phones), command palette, who is signed in."""
    items = [(section, each) for section in sections for each in section.items]
    known = [Command(each.label, each.href, each.icon_name, section.label) for section, each in items]
    current = current_href([each.href for _section, each in items], path)
    side = [
        html.Div(brand(name, href=home_href), className="sidehead"),
        _command_button(),
        _navigation(sections, current),
        _user(person),
    ]
    shell = [
        _phone_bar(name, home_href),
        html.Aside(html.Div(side, className="side"), className="rail"),
        html.Main(flatten(children), id=MAIN_ID, className="work", tabIndex="-1"),
    ]
    return html.Div(
        flatten([
            skip_link(),
            demo,
            html.Div(shell, className="shell"),
            _drawer(name, home_href, sections, current, person),
            palette([*known, *commands]),
            sure_dialog(),
            toasts(),
        ]),
        className="signed-in",
    )  # fmt: skip


def current_href(hrefs: Sequence[str], path: str) -> str | None:
    """Which of these links the path belongs to: itself, or the longest one that it lies under."""
    here = path.rstrip("/") + "/"
    under = [href for href in hrefs if here.startswith(href.rstrip("/") + "/")]
    return max(under, key=len, default=None)


def _phone_bar(name: str, home_href: str) -> Component:
    menu = html.Button(
        icon("menu", size=18),
        type="button",
        className="btn quiet only",
        title="Menu",
        **attrs(aria_label="Open navigation", data_dialog_open=DRAWER_ID),
    )
    find = html.Button(
        icon("search", size=18),
        type="button",
        className="btn quiet only",
        title="Search",
        **attrs(aria_label="Search or jump to", data_dialog_open=PALETTE_ID),
    )
    return html.Header([menu, brand(name, href=home_href), find], className="bar")


def _drawer(
    name: str, home_href: str, sections: Sequence[NavSection], current: str | None, person: Person
) -> Component:
    close = html.Button(
        icon("x", size=16),
        type="button",
        className="btn quiet only",
        title="Close",
        **attrs(aria_label="Close navigation", data_dialog_close="true"),
    )
    return Dialog(
        [
            html.Div([brand(name, href=home_href), close], className="sidehead"),
            _navigation(sections, current, label="Main, small screen"),
            _user(person),
        ],
        id=DRAWER_ID,
        className="drawer side",
        **attrs(aria_label="Navigation"),
    )


def _command_button() -> Component:
    return html.Button(
        [icon("search", size=14), html.Span("Search or jump to…"), html.Kbd("⌘K", **attrs(data_shortcut="true"))],
        type="button",
        className="cmd",
        **attrs(data_dialog_open=PALETTE_ID),
    )


def _navigation(sections: Sequence[NavSection], current: str | None, *, label: str = "Main") -> Component:
    rows: list[Node] = []
    for section in sections:
        rows.append(html.P(section.label))
        rows.extend(
            html.A(
                flatten([
                    icon(each.icon_name, size=16),
                    html.Span(each.label),
                    html.Span(each.count, className=classes("count", each.urgent and "bad")) if each.count else None,
                ]),
                href=each.href,
                **attrs(aria_current="page" if each.href == current else None),
            )
            for each in section.items
        )  # fmt: skip
    return html.Nav(flatten(rows), **attrs(aria_label=label))


def _user(person: Person) -> Component:
    leave = html.Form(
        [
            hidden("_csrf_token", person.csrf_token),
            html.Button(
                icon("log-out", size=16), type="submit", className="btn quiet only", title="Sign out",
                **attrs(aria_label="Sign out"),
            ),
        ],
        action=person.sign_out_action,
        method="post",
    )  # fmt: skip
    return html.Div(
        [
            html.A(
                [
                    html.Span(fmt.initials(person.name), className="ava", **attrs(aria_hidden="true")),
                    html.Span([html.Span(person.name), html.Small(person.role)], className="who"),
                ],
                href=person.account_href,
            ),
            theme_button(),
            leave,
        ],
        className="me",
    )
