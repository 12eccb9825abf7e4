from typing import Any

import pytest
from dash import Dash, Input, Output, html

from tools.paths import ROOT
from web.ui.elements import Choice, Control, Dialog, Markup


@pytest.fixture
def page(dash_duo: Any) -> Any:
    app = Dash("components", assets_folder=str(ROOT / "assets"), assets_ignore=r"^(?!components\.js$).*")
    app.layout = html.Div(
        [
            Control("input", id="name", value="", type="text"),
            Choice(id="size", legend="Size", value="s", options=[{"label": n, "value": n} for n in ("s", "m")]),
            Markup("", id="shown", tag="div"),
            html.Button("Open", id="open"),
            Dialog(html.P("Sure?", id="question"), id="dialog"),
        ]
    )

    @app.callback(Output("shown", "html"), Input("name", "value"), Input("size", "value"))
    def draw(name: str, size: str) -> str:
        return f"<b>{name}:{size}</b>"

    @app.callback(Output("dialog", "open"), Input("open", "n_clicks"), prevent_initial_call=True)
    def ask(_clicks: int) -> bool:
        return True

    dash_duo.start_server(app)
    dash_duo.wait_for_text_to_equal("#shown b", ":s")
    return dash_duo


def test_what_is_typed_and_chosen_reaches_a_callback_whose_markup_is_drawn(page: Any) -> None:
    page.find_element("#name").send_keys("ann")
    page.find_element("#size input[value=m]").click()
    page.wait_for_text_to_equal("#shown b", "ann:m")
    assert page.get_logs() == []


def test_a_dialog_opens_when_a_callback_says_so(page: Any) -> None:
    assert not page.find_element("#question").is_displayed()
    page.find_element("#open").click()
    page.wait_for_text_to_equal("#question", "Sure?")
    assert page.get_logs() == []
