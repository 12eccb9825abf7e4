import json
import subprocess

import pytest

from tests.architecture import tree
from tools.paths import ROOT, VENV

# One line each, in a file of the services: what must be refused there, and by which rule.
PLANTED = {
    "import dash; dash.callback()": "TID251",
    "import dash; dash.clientside_callback()": "TID251",
    "import dash; dash.register_page()": "TID251",
    "import dash; dash.get_relative_path('/')": "TID251",
    "import dash; dash.get_asset_url('a')": "TID251",
    "from dash import callback": "TID251",
    "import os; os.environ['HOME']": "TID251",
    "import os; os.getenv('HOME')": "TID251",
    "from time import sleep": "TID251",
    "import datetime; datetime.datetime.utcnow()": "TID251",
    "import datetime; datetime.datetime.now()": "DTZ005",
    "import random; random.random()": "TID251",
    "from services import *": "F403",
    "def f(x): return x": "ANN001",
    "print('left behind')": "T201",
    "assert True": "S101",
    "try: f()\nexcept Exception: pass": "S110",
}


def _found(source: str) -> set[str]:
    command = [str(VENV / "bin" / "ruff"), "check", "--output-format=json", "--stdin-filename=services/planted.py", "-"]
    done = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    return {finding["code"] for finding in json.loads(done.stdout)}


@pytest.mark.parametrize("source", PLANTED)
def test_what_the_house_bans_is_found(source: str) -> None:
    assert PLANTED[source] in _found(f"{source}\n")


def test_every_rule_of_the_linter_is_on_and_each_exception_has_a_reason() -> None:
    lint = tree.project()["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    exceptions = [code for codes in lint["per-file-ignores"].values() for code in codes]
    lines = tree.read("pyproject.toml").splitlines()
    for code in [*lint["ignore"], *exceptions]:
        (first, *_) = [line for line in lines if f'"{code}"' in line]
        assert len(first.partition("#")[2].strip()) > 5, f"{code} has no reason: {first}"


def test_types_are_checked_strictly() -> None:
    mypy = tree.project()["tool"]["mypy"]
    assert mypy["strict"] is True
    assert not any(override.get("ignore_errors") for override in mypy["overrides"])
