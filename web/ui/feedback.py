"""What the product says back: banners, toasts, progress of long work."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.icons import icon
from web.ui.language import _, filled
from web.ui.nodes import ComponentId, Node, attrs, classes, flatten, given
from web.ui.theme import State

TOASTS_ID = "toasts"


def banner(
    title: str,
    text: Node = None,
    *,
    state: State = State.WARN,
    actions: Node = None,
    id: ComponentId | None = None,
    urgent: bool = False,
) -> Component:
    """A statement about the whole page; `urgent` reads it out at once."""
    return html.Div(
        flatten([
            icon(state.icon or "info", size=18),
            html.Div(flatten([html.B(title), html.Span(flatten(text)) if text else None]), className="said"),
            html.Div(flatten(actions), className="acts") if actions else None,
        ]),
        className=f"banner {state}",
        **given(id=id, role="alert" if urgent else None),
    )  # fmt: skip


def demo_banner(*, remove_command: str | None = None, href: str | None = None) -> Component:
    """The label of every page that shows generated traffic; staff also read the command that removes it."""
    said = filled(_("{label} Figures here come from generated traffic."), label=html.B(_("Demo data.")))
    more: list[Node] = [" ", html.A(_("What is generated"), href=href)] if href else []
    removal: list[Node] = [" Remove it with ", html.Code(remove_command), "."] if remove_command else []
    return html.Aside(
        [icon("flask-conical", size=15), html.Span(flatten([said, removal, more]))],
        className="demo",
        **attrs(aria_label=_("Demo data")),
    )


def toasts(children: Node = None) -> Component:
    """The place where toasts appear; it is in the frame once, and reads out what arrives."""
    return html.Div(
        flatten(children),
        id=TOASTS_ID,
        className="toasts",
        role="status",
        **attrs(aria_live="polite", aria_atomic="false"),
    )


def toast(title: str, text: Node = None, *, state: State = State.GOOD, action: Node = None) -> Component:
    """A short message after an action. Good ones leave by themselves, bad ones stay until closed."""
    return html.Div(
        flatten([
            icon(state.icon or "info", size=17),
            html.Div(flatten([html.B(title), html.Span(flatten(text)) if text else None, action]), className="said"),
            html.Button(icon("x", size=14), type="button", className="btn quiet only", title="Close",
                        **attrs(aria_label=f"Close: {title}", data_toast_close="true")),
        ]),
        className=f"toast {state}",
        **attrs(data_toast="stays" if state in {State.BAD, State.WARN} else "leaves"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step of long work and how far it is: done, running, waiting or failed."""

    label: str
    status: str
    detail: str | None = None


_STEP_LOOK: dict[str, tuple[str, State]] = {
    "done": ("check", State.GOOD),
    "running": ("loader-circle", State.PLAN),
    "waiting": ("circle", State.PLAIN),
    "failed": ("circle-x", State.BAD),
}


def progress(
    label: str,
    ratio: float | None,
    *,
    detail: str | None = None,
    steps: Sequence[Step] = (),
    actions: Node = None,
    id: ComponentId | None = None,
) -> Component:
    """Long work: how far it is, what it is doing, what it has done. Without a ratio it is running, length unknown.

    Units: ratio from 0 to 1.
    Raises: KeyError for a step whose status is none of done, running, waiting, failed.
    """
    share = None if ratio is None else min(1.0, max(0.0, ratio))
    bar = html.Progress(**given(value=None if share is None else f"{share:.4g}", max="1"), **attrs(aria_label=label))
    head = html.Div(
        [html.B(label), html.Span(fmt.percent(share, 0) if share is not None else "running", className="num dim")],
        className="pair",
    )
    listed = [_step(step) for step in steps]
    return html.Div(
        flatten([
            head,
            bar,
            html.P(detail, className="dim small") if detail else None,
            html.Ol(listed, className="steps") if listed else None,
            html.Div(flatten(actions), className="acts") if actions else None,
        ]),
        className="progress",
        role="group",
        **given(id=id),
        **attrs(aria_label=label),
    )  # fmt: skip


def _step(step: Step) -> Component:
    name, state = _STEP_LOOK[step.status]
    return html.Li(
        flatten([
            html.Span(icon(name, size=15, label=step.status), className=classes("state", str(state), step.status)),
            html.Span(flatten([step.label, html.Small(step.detail) if step.detail else None])),
        ])
    )  # fmt: skip
