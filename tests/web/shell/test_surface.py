import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from dash import html
from dash.development.base_component import Component
from flask import Flask
from flask.testing import FlaskClient

from tests.web.shell.product import Knobs, make_product
from web.shell.bundles import bundles_of
from web.shell.dash_surface import make_surface, surfaces
from web.shell.pages import Frame, Page, Surface
from web.shell.routes import PUBLIC, SIGNED_IN, CachedDocument

AsRole = Callable[[str], FlaskClient]
DashPost = Callable[..., Any]

OPEN: dict[str, Any] = {
    "output": "incident-said.children",
    "outputs": {"id": "incident-said", "property": "children"},
    "inputs": [{"id": "incident-open", "property": "n_clicks", "value": 1}],
    "state": [{"id": "incident-title", "property": "value", "value": "x"}],
    "changedPropIds": ["incident-open.n_clicks"],
}
SAVE: dict[str, Any] = {
    "output": "settings-saved.children",
    "outputs": {"id": "settings-saved", "property": "children"},
    "inputs": [{"id": "settings-save", "property": "n_clicks", "value": 1}],
    "changedPropIds": ["settings-save.n_clicks"],
}


def show(pathname: str, search: str = "", drawn: dict[str, Any] | None = None) -> dict[str, Any]:
    """The router's request for an address."""
    return {
        "output": "..shell-page.children...shell-drawn.data..",
        "outputs": [{"id": "shell-page", "property": "children"}, {"id": "shell-drawn", "property": "data"}],
        "inputs": [
            {"id": "shell-location", "property": "pathname", "value": pathname},
            {"id": "shell-location", "property": "search", "value": search},
        ],
        "state": [{"id": "shell-drawn", "property": "data", "value": drawn}],
        "changedPropIds": ["shell-location.pathname"],
    }


def _scripts(text: str) -> list[str]:
    return re.findall(r'<script[^>]* src="([^"]+)"', text)


def _config(text: str) -> dict[str, Any]:
    found = re.search(r'<script id="_dash-config" type="application/json">(.*?)</script>', text)
    assert found
    config: dict[str, Any] = json.loads(found[1])
    return config


def test_a_document_tells_no_versions(client: FlaskClient) -> None:
    text = client.get("/status/").text
    assert not {"dash_version", "python_version", "plotly_version", "end_id", "dash_version_url"} & set(_config(text))
    assert "3.11" not in _config(text).values()


def test_every_script_is_deferred_versioned_compressed_and_kept_for_ever(client: FlaskClient) -> None:
    text = client.get("/status/").text
    scripts = _scripts(text)
    assert len(scripts) >= 7
    assert len(re.findall(r"<script defer src=", text)) == len(scripts)
    for url in scripts:
        assert re.match(r"/static/dash/[0-9a-f]{16}/", url)
        served = client.get(url, headers={"Accept-Encoding": "br"})
        assert served.status_code == 200
        assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert served.headers["Content-Encoding"] == "br"
        assert served.mimetype == "text/javascript"
        assert len(served.data) < len(brotli.decompress(served.data))
        assert client.get(url, headers={"If-None-Match": served.headers["ETag"]}).status_code in {200, 304}
    assert not any("dash_table" in url or "polyfill" in url or "ag_grid" in url for url in scripts)


def test_surfaces_share_their_scripts(client: FlaskClient, as_role: AsRole) -> None:
    public, staff = _scripts(client.get("/status/").text), _scripts(as_role("operator").get("/admin/").text)
    assert set(public) <= set(staff)
    assert {url.rsplit("/", 1)[1] for url in set(staff) - set(public)} == {"polyfill@7.12.1.min.js"}


def test_lazy_parts_stand_beside_their_script(client: FlaskClient) -> None:
    core = next(url for url in _scripts(client.get("/status/").text) if url.endswith("dash_core_components.js"))
    assert client.get(core.replace("dash_core_components.js", "async-graph.js")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/dash/0000000000000000/dash/dcc/dash_core_components.js",
        "/static/dash/{version}/dash/dcc/../dash.py",
        "/static/dash/{version}/dash/dash.py",
        "/static/dash/{version}/flask/app.py",
        "/static/dash/{version}/plotly/package_data/plotly.min.js",
        "/static/dash/{version}/dash/dcc/dash_core_components.js.map",
        "/static/dash/{version}/dash/%2e%2e/flask/app.py",
    ],
)
def test_nothing_but_the_surfaces_scripts_is_served(client: FlaskClient, path: str) -> None:
    core = next(url for url in _scripts(client.get("/status/").text) if url.endswith("dash_core_components.js"))
    assert client.get(path.format(version=core.split("/")[3])).status_code == 404


def test_a_script_that_nobody_registered_has_no_address(product: Flask) -> None:
    with pytest.raises(KeyError, match="not among the scripts"):
        bundles_of(product).url("dash", "nothing.js")


def test_a_public_document_is_readable_before_any_script_and_the_same_for_everybody(
    client: FlaskClient, as_role: AsRole, product: Flask
) -> None:
    first = client.get("/status/")
    assert first.text.index("All systems work") < first.text.index("<script defer")
    assert "Set-Cookie" not in first.headers
    product.extensions["greenlight_micro_cache"].expire()
    assert client.get("/status/").headers["ETag"] == first.headers["ETag"]
    assert as_role("operator").get("/status/").data == first.data


def test_the_written_page_and_the_drawn_page_are_one_tree(client: FlaskClient, dash_post: DashPost) -> None:
    drawn = dash_post(client, "/status/", show("/status/figures/join-time", "?range=7d")).get_json()["response"]
    texts = json.dumps(drawn["shell-page"]["children"])
    assert "Figure join-time" in texts
    assert '"7d"' in texts
    written = client.get("/status/figures/join-time?range=7d").text
    assert "<h1>Figure join-time</h1><p>7d</p>" in written
    assert "<title>Figure join-time · Status</title>" in written
    assert drawn["shell-drawn"]["data"]["title"] == "Figure join-time · Status"


def test_a_page_knows_its_variables_its_query_and_its_visitor(client: FlaskClient, knobs: Knobs) -> None:
    client.get("/status/")
    (visit,) = knobs.seen
    assert (visit.path, dict(visit.variables), visit.actor.kind, visit.signed_in) == ("/status/", {}, "visitor", None)
    assert "Figure läuft gut" in client.get("/status/figures/l%C3%A4uft%20gut").text


def test_a_page_is_drawn_anew_only_where_it_has_changed(client: FlaskClient, dash_post: DashPost) -> None:
    path = "/status/figures/join-time"
    facts = dash_post(client, "/status/", show(path, "?range=7d")).get_json()["response"]["shell-drawn"]["data"]
    again = dash_post(client, "/status/", show(path, "?range=7d&open=1", facts)).get_json()["response"]
    assert again == {}
    other = dash_post(client, "/status/", show(path, "?range=30d", facts)).get_json()["response"]
    assert "shell-page" in other
    assert "shell-page" in dash_post(client, "/status/", show("/status/", "", facts)).get_json()["response"]


@pytest.mark.parametrize(
    ("role", "path", "status", "code"),
    [
        ("operator", "/admin/nothing", 404, "page_unknown"),
        ("operator", "/admin/incidents/new", 404, "incident_unknown"),
        ("compliance", "/admin/settings", 403, "forbidden"),
        ("operator", "/status/", 404, "page_unknown"),
    ],
)
def test_a_page_that_is_refused_says_so_inside_the_frame(
    as_role: AsRole, dash_post: DashPost, role: str, path: str, status: int, code: str
) -> None:
    response = dash_post(as_role(role), "/admin/", show(path)).get_json()["response"]
    text = json.dumps(response["shell-page"]["children"])
    assert response["shell-drawn"]["data"]["status"] == status
    assert f'"data-problem": "{code}"' in text
    assert '"Nav"' in text


def test_the_document_of_a_page_about_nothing_is_not_found(as_role: AsRole) -> None:
    assert as_role("operator").get("/admin/incidents/inc_1").status_code == 200
    answer = as_role("operator").get("/admin/incidents/new", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "There is no such incident." in answer.text
    assert as_role("fan").get("/admin/incidents/new").status_code == 403


def test_a_page_that_fails_names_its_reference_and_leaves_the_frame_standing(
    client: FlaskClient, dash_post: DashPost, knobs: Knobs
) -> None:
    knobs.failing = True
    answer = dash_post(client, "/status/", show("/status/"), **{"X-Correlation-Id": "order-4711"})
    assert answer.status_code == 200
    text = json.dumps(answer.get_json()["response"]["shell-page"]["children"])
    assert "order-4711" in text
    assert "Try again." in text


@pytest.mark.capability("GO-4")
@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("visitor", OPEN, 401),
        ("fan", OPEN, 403),
        ("compliance", OPEN, 200),
        ("compliance", SAVE, 403),
        ("operator", SAVE, 200),
        ("operator-pending", SAVE, 401),
    ],
)
def test_a_callback_needs_its_page_s_permission(
    as_role: AsRole, dash_post: DashPost, role: str, body: dict[str, Any], status: int
) -> None:
    assert dash_post(as_role(role), "/admin/", body).status_code == status


def test_every_callback_of_the_server_has_an_access(product: Flask) -> None:
    for app in surfaces(product).values():
        assert {output for output, entry in app.callback_map.items() if "callback" in entry} == set(app.callback_access)
    assert str(surfaces(product)["admin"].callback_access["settings-saved.children"]) == "incidents.write"


@pytest.mark.capability("ERR-1")
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"output": "live-answer.children"}, 404, "callback_unknown"),
        ({"output": "nothing.children"}, 404, "callback_unknown"),
        ({"output": "shell-announcer.children"}, 404, "callback_unknown"),
        ({"output": 7}, 400, "callback_malformed"),
        ({"output": None}, 400, "callback_malformed"),
        ({"inputs": []}, 400, "callback_malformed"),
        ({"inputs": [1]}, 400, "callback_malformed"),
        ({"inputs": {"id": "incident-open"}}, 400, "callback_malformed"),
        ({"inputs": [{"id": "incident-open"}]}, 400, "callback_malformed"),
        ({"inputs": [[]]}, 200, None),
        ({"state": []}, 400, "callback_malformed"),
        ({"state": [{"id": ["x"], "property": "value"}]}, 400, "callback_malformed"),
        ({"outputs": 7}, 400, "callback_malformed"),
        ({"outputs": [{"id": "a", "property": "b"}] * 3}, 400, "callback_malformed"),
        ({"changedPropIds": 7}, 400, "callback_malformed"),
        ({"changedPropIds": [None]}, 400, "callback_malformed"),
    ],
)
def test_a_malformed_callback_request_is_refused_and_never_an_error_of_ours(
    as_role: AsRole, dash_post: DashPost, change: dict[str, Any], status: int, code: str | None
) -> None:
    answer = dash_post(as_role("operator"), "/admin/", OPEN | change)
    assert answer.status_code == status
    if code:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["code"] == code


@pytest.mark.parametrize("body", [[], "x", 7, {}, {"output": None}])
def test_a_callback_request_that_is_no_object_is_refused(as_role: AsRole, dash_post: DashPost, body: object) -> None:
    assert dash_post(as_role("operator"), "/admin/", body).get_json()["code"] == "callback_malformed"


@pytest.mark.capability("ERR-1", "ERR-2")
def test_a_callback_that_fails_tells_its_reference_and_nothing_else(
    as_role: AsRole, dash_post: DashPost, caplog: pytest.LogCaptureFixture
) -> None:
    body = OPEN | {"state": [{"id": "incident-title", "property": "value", "value": "boom"}]}
    with caplog.at_level(logging.ERROR):
        answer = dash_post(as_role("operator"), "/admin/", body, **{"X-Correlation-Id": "order-4711"})
    assert answer.status_code == 200
    toast = json.dumps(answer.get_json()["sideUpdate"]["toasts"])
    assert "order-4711" in toast
    assert "hunter2" not in toast
    assert [r for r in caplog.records if getattr(r, "correlation_id", "") == "order-4711" and r.exc_info]


@pytest.mark.capability("ERR-2")
def test_a_callback_runs_under_the_request_s_ids(as_role: AsRole, dash_post: DashPost) -> None:
    answer = dash_post(as_role("operator"), "/admin/", OPEN, **{"X-Correlation-Id": "order-4711"})
    assert answer.get_json()["response"]["incident-said"]["children"] == "x by usr_operator order-4711"


def test_importing_a_component_library_elsewhere_changes_no_document(client: FlaskClient) -> None:
    before = _scripts(client.get("/status/").text)
    import dash_ag_grid  # noqa: F401, PLC0415 - imported for its effect on Dash's registry

    fresh = make_product(Path("unused")).test_client()
    assert _scripts(fresh.get("/status/").text) == before
    assert "dash_ag_grid" not in _config(fresh.get("/status/").text)["children_props"]


@pytest.mark.parametrize("path", ["/x", "x/", "a//b", "A", "a b", "<x", "a?b"])
def test_a_page_s_path_is_checked(path: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Page(path, "T", PUBLIC, lambda _: html.Div()).pattern  # noqa: B018 - reading it is what refuses


def test_a_surface_stands_below_a_word_of_its_own() -> None:
    for prefix in ("/", "/a", "a/", "/A/", "/a/b/"):
        with pytest.raises(ValueError, match="below a word"):
            Surface("s", prefix, "S", PUBLIC, ())
    with pytest.raises(ValueError, match="only a public surface"):
        Surface("s", "/s/", "S", SIGNED_IN, (), cache=CachedDocument())


def test_where_even_the_frame_fails_the_words_still_reach_the_reader(tmp_path: Path) -> None:
    def broken(_: Frame) -> Component:
        raise RuntimeError("the password is hunter2")

    server = make_product(tmp_path)
    page = Page("", "Start", PUBLIC, lambda _: html.H1("Start"))
    make_surface(server, Surface("frail", "/frail/", "Frail", PUBLIC, (page,), broken))
    body = show("/frail/")
    drawn = server.test_client().post("/frail/_dash-update-component", json=body).get_json()["response"]
    text = json.dumps(drawn["shell-page"]["children"])
    assert drawn["shell-drawn"]["data"]["status"] == 500
    assert "Something broke on our side" in text
    assert "hunter2" not in text
