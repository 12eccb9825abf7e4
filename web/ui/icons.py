"""Icons from lucide, by name. The page carries one sprite; each icon is a reference into it."""

from markupsafe import escape

from web.ui.elements import Markup

ICONS: frozenset[str] = frozenset(
    """
    activity arrow-down arrow-right arrow-up badge-check banknote bell book-open bot brain-circuit bug building-2
    calendar calendar-clock chart-line chart-no-axes-combined check chevron-down chevron-left chevron-right
    chevron-up chevrons-up-down circle circle-alert circle-check circle-minus circle-question-mark circle-x clock
    cloud-off code command copy corner-down-left credit-card database download ellipsis external-link eye eye-off
    file-text film fingerprint-pattern flag flask-conical gauge globe history house inbox info key-round
    layout-dashboard link list-filter loader-circle lock log-out mail menu minus monitor monitor-smartphone moon
    pause pencil play plus power radio radio-tower refresh-cw rotate-cw rss scale search send server settings shapes
    shield-alert shield-check shopping-bag siren smartphone stamp store sun sun-moon tag ticket-percent timer
    toggle-right trash-2 trending-down trending-up triangle-alert upload user user-plus user-x users wallet
    waypoints webhook workflow wrench x
    """.split()  # noqa: SIM905 - a list that is read and edited as a paragraph
)
"""The icons that the build puts into the sprite; a new one is added here."""


def icon(name: str, *, size: int = 16, label: str | None = None) -> Markup:
    """An icon in the colour of its text; without a label it is decoration and screen readers pass over it.

    Raises: ValueError for an icon that is not in the sprite.
    """
    if name not in ICONS:
        raise ValueError(f"There is no icon {name!r}: add it to ICONS in web/ui/icons.py and build the bundles.")
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg width="{size}" height="{size}" {spoken} focusable="false"><use href="#i-{name}"/></svg>',
        className="icon",
    )
