"""What a callback request must be before Dash runs it: known, well-formed, and allowed to whoever sends it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash.exceptions import InvalidCallbackReturnValue, PreventUpdate

from services.kernel.errors import DomainError, Invalid, NotFound


def known_output(callbacks: Mapping[str, Mapping[str, Any]], body: object) -> str:
    """Return the output that a request asks for.

    Raises: Invalid for a request that names none, NotFound for one that no callback of the server fills.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise _malformed("The request must be an object that names its output.")
    output: str = body["output"]
    if "callback" not in callbacks.get(output, {}):
        raise NotFound("callback_unknown", "This page is of another release; reload it.")
    return output


def check_shape(declared: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Refuse a request whose values do not stand where its callback declared them.

    Raises: Invalid.
    """
    _check_values("inputs", body.get("inputs", []), declared["inputs"])
    _check_values("state", body.get("state", []), declared["state"])
    _check_outputs(body.get("outputs", []))
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        raise _malformed("changedPropIds must be a list of names.")


def _check_values(name: str, given: object, declared: Sequence[object]) -> None:
    if not isinstance(given, list) or len(given) != len(declared):
        raise _malformed(f"{name} must list {len(declared)} values.")
    for value in given:
        # A pattern's place holds a list, one entry for each component that matches.
        entries = value if isinstance(value, list) else [value]
        if not all(_is_property(entry) for entry in entries):
            raise _malformed(f"Each of {name} must name its component and property.")


def _check_outputs(given: object) -> None:
    entries = given if isinstance(given, list) else [given]
    flat = [part for entry in entries for part in (entry if isinstance(entry, list) else [entry])]
    if not all(_is_property(entry) for entry in flat):
        raise _malformed("Each of outputs must name its component and property.")


def _is_property(entry: object) -> bool:
    return (
        isinstance(entry, dict) and isinstance(entry.get("id"), str | dict) and isinstance(entry.get("property"), str)
    )


def guarded(run: Callable[[], Any]) -> Callable[[], Any]:
    """Return a callback's execution where Dash's own complaints about the request become refusals.

    What the callback itself raises never comes here: the surface's error handler has dealt with it.
    """

    def execute() -> Any:  # noqa: ANN401 -- what Dash returns
        try:
            return run()
        except (PreventUpdate, DomainError, InvalidCallbackReturnValue):
            raise
        except Exception as error:
            raise _malformed("The request does not fit its callback.") from error

    return execute


def _malformed(message: str) -> Invalid:
    return Invalid("callback_malformed", message)
