import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture import tree
from tools.paths import ROOT, VENV

ROOTS: list[str] = tree.import_rules()["root_packages"]
BESIDE_THE_PRODUCT = {"tests", "e2e", "benchmarks", "tools", "contracts", "docs", "assets"}
INSIDE_SERVICES = (
    "events",
    "facade",
    "identity",
    "infra",
    "kernel",
    "metrics",
    "public",
    "schema",
    "vendors",
    "wiring",
)

# Each file imports what its place must not; the words are what the report must then say.
PLANTED = {
    "services/kernel/planted.py": ("import services.infra", "services.kernel.planted -> services.infra"),
    "services/identity/planted.py": ("import services.metrics", "services.identity.planted -> services.metrics"),
    "services/metrics/planted.py": ("import services.facade", "services.metrics.planted -> services.facade"),
    "services/vendors/planted.py": ("import services.wiring", "services.vendors.planted -> services.wiring"),
    "services/infra/planted.py": ("import flask", "services.infra.planted -> flask"),
    "services/events/planted.py": ("import web", "services.events.planted -> web"),
    "web/planted.py": ("import admin", "web.planted -> admin"),
    "admin/planted.py": ("import account", "admin.planted -> account"),
    "api/planted.py": ("import sqlalchemy", "api.planted -> sqlalchemy"),
    "storefront/planted.py": ("import services.identity.tables", "storefront.planted -> services.identity.tables"),
    "collectors/planted.py": ("import web", "collectors.planted -> web"),
    "status_page/planted.py": ("import services.facade", "status_page.planted -> services.facade"),
    "demo/planted.py": ("import processes", "demo.planted -> processes"),
    "account/planted.py": ("from dbos import DBOS", "account.planted imports dbos"),
}


def _small_tree(root: Path) -> None:
    (root / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", root)
    for name in ("__init__.py", "import_contracts.py"):
        shutil.copy(ROOT / "tools" / name, root / "tools")
    for package in [*ROOTS, *(f"services/{name}" for name in INSIDE_SERVICES)]:
        (root / package).mkdir(exist_ok=True)
        (root / package / "__init__.py").touch()
    (root / "services" / "identity" / "tables.py").touch()


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(VENV / "bin" / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_every_package_at_the_root_is_placed_by_the_import_rules() -> None:
    packages = {path.split("/")[0] for path in tree.python_files() if path.count("/") > 0} - BESIDE_THE_PRODUCT
    assert packages == set(ROOTS)
    layers = tree.import_rules()["contracts"][0]["layers"]
    assert {name.strip("() ") for layer in layers for name in layer.split("|")} >= packages


def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    _small_tree(tmp_path / "tree")
    done = _lint(tmp_path / "tree")
    assert (done.returncode, "0 broken" in done.stdout) == (0, True), done.stdout


def test_a_domain_that_the_rules_do_not_name_is_found(tmp_path: Path) -> None:
    _small_tree(tmp_path / "tree")
    (tmp_path / "tree" / "services" / "weather.py").touch()
    done = _lint(tmp_path / "tree")
    assert done.returncode == 1
    assert "services.weather" in done.stdout


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("planted") / "tree"
    _small_tree(root)
    for path, (line, _) in PLANTED.items():
        (root / path).write_text(f"{line}\n")
    done = _lint(root)
    assert done.returncode == 1
    # The report wraps and marks its lines; only the words count.
    return " ".join(done.stdout.split())


@pytest.mark.parametrize("path", PLANTED)
def test_an_import_against_the_rules_is_found(report: str, path: str) -> None:
    assert PLANTED[path][1] in report
