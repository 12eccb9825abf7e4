import importlib.metadata
import re
import sys

from tests.architecture import source_rules, tree
from tools.import_contracts import parse

# Used wherever it fits; everything else is confined to its adapter in pyproject.toml.
SHARED = {"cachetools", "dash", "dash-ag-grid", "flask", "orjson", "pandas", "pydantic"}
SHARED |= {"sqlalchemy", "uuid-utils"}
# What a declared package brings along and documents as its own face.
COMPANIONS = {
    "grimp": "import-linter",
    "itsdangerous": "flask",
    "jinja2": "flask",
    "markupsafe": "flask",
    "numpy": "pandas",
    "opentelemetry-api": "opentelemetry-sdk",
    "plotly": "dash",
    "pydantic-core": "pydantic",
    "selenium": "dash",
    "requests": "prometheus-api-client",
    "urllib3": "prometheus-api-client",
    "werkzeug": "flask",
}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(text: str) -> set[str]:
    """The packages that a requirements file names."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in text.splitlines())
    return {_normal(match[0]) for match in found if match and not match[0].startswith("-")}


def undeclared(imports: set[str], names: set[str]) -> set[str]:
    """The imported modules whose package no requirement names."""
    owners = importlib.metadata.packages_distributions()
    missing = set()
    for module in imports - set(sys.stdlib_module_names):
        packages = {_normal(owner) for owner in owners.get(module, [])}
        if not packages & names and not {COMPANIONS.get(package, "") for package in packages} & names:
            missing.add(module)
    return missing


def _imports(*folders: str) -> set[str]:
    own = {*tree.import_rules()["root_packages"], "tools", "tests", "e2e", "benchmarks", "conftest"}
    files = [path for path in tree.python_files() if path.startswith(folders)]
    return {m.split(".")[0] for path in files for _, m in source_rules.imported_modules(tree.read(path))} - own


def test_the_product_imports_only_what_its_requirements_name() -> None:
    folders = (*(f"{package}/" for package in tree.import_rules()["root_packages"]), "manage.py", "wsgi.py")
    assert undeclared(_imports(*folders), declared(tree.read("requirements.in"))) == set()


def test_tests_import_only_what_the_requirements_name() -> None:
    names = declared(tree.read("requirements.in")) | declared(tree.read("requirements-dev.in"))
    assert undeclared(_imports("tests/", "e2e/", "benchmarks/", "tools/", "conftest.py"), names) == set()


def test_an_import_that_no_requirement_names_is_found() -> None:
    assert undeclared({"json", "httpx", "werkzeug", "sqlalchemy", "grimp"}, {"httpx", "flask"}) == {
        "sqlalchemy",
        "grimp",
    }


def test_every_requirement_is_confined_to_its_adapter_or_shared_on_purpose() -> None:
    contracts = tree.import_rules()["contracts"]
    confined = parse(next(c["packages"] for c in contracts if c["type"] == "confined"))
    owners = importlib.metadata.packages_distributions()
    placed = {_normal(owner) for module in confined for owner in owners.get(module, [module])} | SHARED
    unplaced = declared(tree.read("requirements.in")) - placed - {_normal(name) for name in confined}
    assert unplaced == set()


def test_a_requirements_file_is_read_without_its_comments_and_extras() -> None:
    text = "# what we need\n-r other.in\npsycopg[binary]~=3.3\nuuid_utils~=1.2\n\n"
    assert declared(text) == {"psycopg", "uuid-utils"}
