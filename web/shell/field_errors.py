"""What is wrong with a form's fields, said at the fields: the same for every form that a callback reads."""

from collections.abc import Mapping

from dash import set_props

from services.kernel.errors import DomainError, Invalid
from web.ui.forms import error_words


def say_at_fields(places: Mapping[str, str], refusal: DomainError | None = None, *, otherwise: str) -> None:
    """Mark in the browser, from inside a callback, which fields a refusal is about, and unmark all the others.

    `places` gives the id of the control of each field; what belongs to none of them is said at the field `otherwise`.
    """
    named = refusal.fields if isinstance(refusal, Invalid) else {}
    wrong = {places[field]: message for field, message in named.items() if field in places}
    if refusal is not None and not wrong:
        wrong = {places[otherwise]: refusal.message}
    for control_id in places.values():
        message = wrong.get(control_id)
        set_props(control_id, {"aria-invalid": "true" if message else "false"})
        said = {"children": error_words(message), "hidden": not message, "role": "alert"}  # read out as it appears
        set_props(f"{control_id}-error", said)
