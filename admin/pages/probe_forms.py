"""The form of a probe: what is looked at, what must be found there, from where, and how surely."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import Input, Output, State, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from services.probes import ProbeDraft, ProbeView
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks
from web.ui import (
    Control,
    Ids,
    Option,
    button,
    cancel_button,
    dialog,
    fields,
    select,
    stack,
    text_input,
    toast,
)
from web.ui.nodes import flatten, given
from web.ui.theme import State as Colour

FORM: Final = Ids("probe-form")
SECRET_MARK: Final = "{secret}"  # noqa: S105 -- the place of a secret, and none


@dataclass(frozen=True, slots=True)
class _Setting:
    """One demand of a kind of probe, as a line of the form; `shape` is how its text is read."""

    name: str
    label: str
    hint: str = ""
    shape: str = "text"


_LATENCY: Final = _Setting("latency_ms_max", "Slower than this is down (milliseconds)", "Empty: any speed.")
_SETTINGS: Final[Mapping[str, tuple[_Setting, ...]]] = {
    "http": (
        _Setting("method", "Method", "GET, HEAD or POST."),
        _Setting("statuses", "Good statuses", "Such as 200-299,301."),
        _Setting("contains", "Text that must be in the answer"),
        _Setting("matches", "Regular expression that must match"),
        _Setting("json_path", "JSON path", "Such as status.indicator or items[0].id."),
        _Setting("json_value", "JSON value there", "A number, true, null, or text.", "json"),
        _Setting("headers", "Headers to send", "Name: value; Other: value", "headers"),
        _Setting("answer_headers", "Headers that must come back", "Name: part of its value", "headers"),
        _Setting("body", "Body to send", "For POST."),
        _Setting("verify_tls", "Check the certificate", "yes or no", "yes"),
        _LATENCY,
    ),
    "tcp": (_Setting("greeting", "What the server must say first", "Empty: a connection is enough."), _LATENCY),
    "dns": (
        _Setting("record_type", "Record", "A, AAAA, CNAME, MX, NS or TXT."),
        _Setting("expected", "Records that must be there", "By comma; empty: any.", "list"),
        _Setting("exactly", "No others", "yes or no", "yes"),
        _Setting("name_server", "Name server", "host:port; empty: the machine's own."),
        _LATENCY,
    ),
    "tls": (
        _Setting("days_min", "Days that must be left", "14 by default."),
        _Setting("check_name", "Check the name", "yes or no", "yes"),
        _Setting("check_chain", "Check the signer", "yes or no", "yes"),
        _LATENCY,
    ),
    "hls": (
        _Setting("bytes_min", "Least bytes of the first segment"),
        _Setting("segment_seconds_max", "Longest segment (seconds)"),
        _LATENCY,
    ),
    "evm": (
        _Setting("chain_id", "Chain id", "1 is Ethereum."),
        _Setting("block_age_seconds_max", "Oldest good block (seconds)", "120 by default."),
        _LATENCY,
    ),
    "sql": (_LATENCY,),
    "redis": (_LATENCY,),
    "prometheus": (
        _Setting("query", "PromQL", "Every value of its answer is compared."),
        _Setting("operator", "Up while a value is", "<, <=, >, >=, == or !="),
        _Setting("threshold", "This number"),
        _LATENCY,
    ),
}
_KINDS: Final = {
    "http": ("HTTP", "https://example.com/health"),
    "tcp": ("TCP connection", "mail.example.com:25"),
    "dns": ("DNS", "example.com"),
    "tls": ("TLS certificate", "example.com:443"),
    "hls": ("HLS video", "https://cdn.example.com/film/master.m3u8"),
    "evm": ("EVM chain node", f"https://rpc.example.com/{SECRET_MARK}"),
    "sql": ("SQL database", f"postgresql://watcher:{SECRET_MARK}@db.example.com/shop, or own"),
    "redis": ("Redis", f"rediss://:{SECRET_MARK}@cache.example.com:6379"),
    "prometheus": ("Prometheus query", "https://prometheus.example.com"),
}
_NUMBERS: Final = (
    ("interval_seconds", "Every (seconds)"),
    ("timeout_seconds", "Limit of one attempt (seconds)"),
    ("retries", "Retries at once"),
    ("confirm_down", "Bad results in a row for down"),
    ("confirm_up", "Good results in a row for up"),
    ("quorum", "Quorum: vantages that must see it down"),
)


_PLACES: Final = {
    **{name: FORM.part(name) for name in ("name", "kind", "target", "secret")},
    "url": FORM.part("target"),
    "component_id": FORM.part("component"),
    **{name: FORM.part(name.replace("_", "-")) for name, _ in _NUMBERS},
}
"""Where the form says what is wrong with a field."""


def kind_word(kind: str) -> str:
    """Return a kind of probe in words."""
    return _KINDS[kind][0] if kind in _KINDS else kind


def probe_dialog(services: Services, actor: Actor, *, of: ProbeView | None = None) -> Component:
    """The dialog that makes a probe, or changes the one that is given."""
    draft = _draft_of(of) if of else ProbeDraft("", "http", "")
    watched = [Option("", "No component"), *(
        Option(each.id, f"{each.group}: {each.name}" if each.group else each.name)
        for each in services.components.reads.every(actor)
    )]  # fmt: skip
    return dialog(
        "Change this probe" if of else "New probe",
        [
            text_input("Name", id=FORM.part("name"), value=draft.name, maxLength=80, autoComplete="off"),
            fields([
                select("Kind", [Option(kind, words) for kind, (words, _) in _KINDS.items()], id=FORM.part("kind"),
                       value=draft.kind),
                select("It tells of", watched, id=FORM.part("component"), value=draft.component_id or "",
                       required=False),
            ]),
            text_input("Target", id=FORM.part("target"), value=draft.target, maxLength=500, autoComplete="off"),
            # Apart from the field: what is redrawn late must not take away what was typed.
            html.P(_example(draft.kind), id=FORM.part("example"), className="hint"),
            html.Div(_setting_fields(draft.kind, draft.settings), id=FORM.part("settings")),
            _secret(of),
            fields([text_input(label, id=FORM.part(name.replace("_", "-")), type="number",
                               value=_plain(getattr(draft, name))) for name, label in _NUMBERS]),
            _from_where(services, actor, draft),
        ],
        id=FORM.part("dialog"),
        wide=True,
        lead="With the numbers below an outage is known within a minute.",
        actions=[cancel_button(), button("Save" if of else "Make probe", kind="primary",
                                         id=FORM.part("save" if of else "make"))],
    )  # fmt: skip


def _secret(of: ProbeView | None) -> Component:
    kept = "One is stored; empty keeps it. " if of and of.has_secret else ""
    return text_input("Secret", id=FORM.part("secret"), type="password", required=False, autoComplete="new-password",
                      maxLength=1_000, hint=f"{kept}It replaces {SECRET_MARK} in target, headers and body, is sealed, "
                      "and is never shown again.")  # fmt: skip


def _from_where(services: Services, actor: Actor, draft: ProbeDraft) -> Component:
    rows = [
        html.Label(
            [Control(id=FORM.one("vantage", each.name), type="checkbox", checked=each.name in draft.vantages),
             html.Span(f"{each.name} (built in)" if each.built_in else each.name)],
            className="check",
        )
        for each in services.probes.vantages.vantages(actor)
    ]  # fmt: skip
    legend = html.Legend("Look from these vantages only (none ticked: from all)")
    return html.Fieldset([legend, *rows], className="field")


def _setting_fields(kind: str, values: Mapping[str, Any]) -> Component:
    lines = [_line(each, values.get(each.name)) for each in _SETTINGS.get(kind, ())]
    return stack([fields(lines, legend="What must be found")])


def _line(setting: _Setting, value: object) -> Component:
    # Its id is a pattern, which no `for` of a label can name: the label holds it.
    control = Control(
        id=FORM.one("setting", setting.name), type="text", className="input", autoComplete="off", maxLength=4_096,
        **given(value=_shown(value, setting.shape)),
    )  # fmt: skip
    hint = html.Span(setting.hint, className="hint") if setting.hint else None
    return html.Label(flatten([html.Span(setting.label), hint, control]), className="field")


def _example(kind: str) -> str:
    return f"Such as {_KINDS[kind][1]}" if kind in _KINDS else ""


def _draft_of(view: ProbeView) -> ProbeDraft:
    return ProbeDraft(
        name=view.name,
        kind=view.kind,
        target=view.target,
        settings=view.settings,
        component_id=view.component_id,
        vantages=view.vantages,
        interval_seconds=view.interval_seconds,
        timeout_seconds=view.timeout_seconds,
        retries=view.retries,
        quorum=view.quorum,
        confirm_down=view.confirm_down,
        confirm_up=view.confirm_up,
    )


def form_states() -> list[State]:
    """Return what `read_form` is to be given, in its order."""
    return [
        *(State(FORM.part(part), "value") for part in ("name", "kind", "component", "target", "secret")),
        *(State(FORM.part(name.replace("_", "-")), "value") for name, _ in _NUMBERS),
        State(FORM.each("setting"), "id"),
        State(FORM.each("setting"), "value"),
        State(FORM.each("vantage"), "id"),
        State(FORM.each("vantage"), "checked"),
    ]


def read_form(values: Sequence[Any]) -> ProbeDraft:
    """Read the form as a draft.

    Raises: Invalid, naming the field, for text that is no number.
    """
    name, kind, component, target, secret = (str(each or "") for each in values[:5])
    numbers = {field: _number(label, text) for (field, label), text in zip(_NUMBERS, values[5:11], strict=True)}
    ids, texts, vantages, ticked = values[11:15]
    given = {each["key"]: str(text) for each, text in zip(ids, texts, strict=True) if text not in {None, ""}}
    timeout = numbers.pop("timeout_seconds")
    return ProbeDraft(
        name=name,
        kind=kind,
        target=target,
        settings={each.name: _read(each, given[each.name]) for each in _SETTINGS.get(kind, ()) if each.name in given},
        component_id=component or None,
        vantages=tuple(each["key"] for each, on in zip(vantages, ticked, strict=True) if on),
        timeout_seconds=timeout,
        secret=secret or None,
        **{field: _whole(dict(_NUMBERS)[field], number) for field, number in numbers.items()},
    )


def _number(label: str, text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise Invalid("probe_wrong", f"{label}: write a number.", fields={"number": "is none"}) from None


def _whole(label: str, number: float) -> int:
    if not number.is_integer():
        raise Invalid("probe_wrong", f"{label}: write a whole number.", fields={"number": "is not whole"})
    return int(number)


def _read(setting: _Setting, text: str) -> object:
    if setting.shape == "yes":
        return {"yes": True, "no": False}.get(text.strip().lower(), text)
    if setting.shape == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if setting.shape == "headers":
        pairs = (part.partition(":") for part in text.split(";") if part.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}
    if setting.shape == "json":
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _shown(value: object, shape: str) -> str | None:
    if value is None:
        return None
    if shape == "yes":
        return "yes" if value else "no"
    if shape == "list" and isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    if shape == "headers" and isinstance(value, Mapping):
        return "; ".join(f"{name}: {part}" for name, part in value.items())
    if shape == "json":
        return value if isinstance(value, str) else json.dumps(value)
    return _plain(value)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def say_wrong(refusal: DomainError | None = None, *, title: str = "") -> Any:  # noqa: ANN401 -- what Dash takes as toasts
    """Say a refusal beside the fields that it is about, and return as a toast what belongs to none of them."""
    fields_named = refusal.fields or {} if isinstance(refusal, Invalid) else {}
    elsewhere = {name: why for name, why in fields_named.items() if name not in _PLACES}
    if refusal is not None and len(elsewhere) < len(fields_named):
        say_at_fields(_PLACES, refusal, otherwise="target")
        if not elsewhere:
            return no_update
    else:
        say_at_fields(_PLACES, otherwise="target")
    if refusal is None:
        return no_update
    named = [f"{name.replace('_', ' ')}: {why}" for name, why in elsewhere.items() if why != refusal.message]
    return toast(title, f"{refusal.message} {' '.join(named)}".strip(), state=Colour.BAD)


def register_form(callbacks: Callbacks) -> None:
    """Register what follows from the kind that is chosen."""

    @callbacks.callback(
        Output(FORM.part("settings"), "children"),
        Output(FORM.part("example"), "children"),
        Input(FORM.part("kind"), "value"),
        prevent_initial_call=True,
    )
    def follow(kind: str | None) -> tuple[Any, str]:
        return _setting_fields(kind or "", {}), _example(kind or "")
