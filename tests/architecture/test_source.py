import functools
from collections.abc import Callable

import pytest

from tests.architecture import source_rules, tree

PRODUCT = tuple(tree.import_rules()["root_packages"])
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


RULES = "tests/architecture/"  # where offending lines are planted
FAKE_SECRETS = {"tests/infra/test_redaction.py"}  # seeds them to prove that no log line shows one


def _files(*endings: str) -> list[str]:
    return [path for path in tree.files() if path.endswith(endings or ("",)) and not path.startswith(RULES)]


def _broken(rule: Callable[[str], list[str]], *folders: str) -> list[str]:
    return [f"{path}:{found}" for path in tree.python_files(*folders) for found in rule(tree.read(path))]


def test_every_silenced_check_names_its_code_and_its_reason() -> None:
    assert [f"{p}:{f}" for p in _files(".py") for f in source_rules.suppressions_without_reason(tree.read(p))] == []


def _host(*labels: str) -> str:
    """Return a registry's host, which not even a planted violation writes down."""
    return ".".join(labels)


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: E501",
        "x = f()  # type: ignore",
        "x = f()  # type: ignore[arg-type]",
    ],
)
def test_a_silenced_check_without_code_or_reason_is_found(line: str) -> None:
    assert source_rules.suppressions_without_reason(line) == [f"1: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: E501, S101 -- a table",
        "x = f()  # type: ignore[arg-type] # the stub is wrong",
        "x = 1  # noqa: S101 - a table",
    ],
)
def test_a_silenced_check_with_code_and_reason_is_accepted(line: str) -> None:
    assert source_rules.suppressions_without_reason(line) == []


def test_no_file_carries_a_registry_a_machine_or_a_secret() -> None:
    paths = [path for path in _files() if path not in FAKE_SECRETS]
    assert [f"{path}:{found}" for path in paths for found in source_rules.foreign_traces(tree.read(path))] == []


@pytest.mark.parametrize(
    "line",
    [
        f'"resolved": "https://{_host("registry", "npmjs", "org")}/x/-/x-1.0.0.tgz"',
        f"https://{_host('files', 'pythonhosted', 'org')}/packages/x.whl",
        "--index-url=https://mirror.example/simple",
        "open('/root/.config/x')",
        "cd /work/main",
        "-----BEGIN RSA PRIVATE KEY-----",
        "key = 'AKIAABCDEFGHIJKLMNOP'",
        "sk_live_abcdefghijklmnop",
    ],
)
def test_a_registry_a_machine_path_and_a_secret_are_found(line: str) -> None:
    assert len(source_rules.foreign_traces(line)) == 1


@pytest.mark.parametrize("line", ["https://example.com/work/it", "~/.config", "a/root/b", "/rooted/"])
def test_an_ordinary_path_is_not_taken_for_a_machines(line: str) -> None:
    assert source_rules.foreign_traces(line) == []


def test_nothing_is_left_for_later() -> None:
    assert [
        f"{path}:{found}"
        for path in _files(".py", ".js", ".css", ".md", ".sh")
        for found in source_rules.unfinished_work(tree.read(path))
    ] == []


def test_work_left_for_later_is_found() -> None:
    assert source_rules.unfinished_work("# TODO: later") != []


def test_the_kernel_stands_on_the_standard_library_alone() -> None:
    rule = functools.partial(source_rules.beyond_the_standard_library, own="services.kernel")
    assert _broken(rule, "services/kernel") == []


def test_an_import_that_the_kernel_may_not_have_is_found() -> None:
    source = "import json\nfrom services.kernel import ids\n\ndef f():\n    import sqlalchemy as sa\n"
    assert source_rules.beyond_the_standard_library(source, "services.kernel") == ["5: sqlalchemy"]


def test_services_start_no_threads() -> None:
    outside = [path for path in tree.python_files("services") if not path.startswith("services/infra/")]
    assert [f"{p}:{f}" for p in outside for f in source_rules.threads_started(tree.read(p))] == []


def test_a_started_thread_is_found() -> None:
    source = "import threading\nthreading.Thread(target=print).start()\nwith ThreadPoolExecutor() as pool: ...\n"
    assert source_rules.threads_started(source) == ["2: threading.Thread", "3: ThreadPoolExecutor"]


def test_no_app_switches_on_dashs_page_registry() -> None:
    assert _broken(source_rules.dash_pages_feature, *PRODUCT) == []


def test_a_switched_on_page_registry_is_found() -> None:
    assert source_rules.dash_pages_feature("Dash(use_pages=True)\nDash(use_pages=False)") == ["1: use_pages"]


def test_whoever_takes_an_actor_is_a_verb() -> None:
    assert _broken(source_rules.actor_methods_without_permission, "services") == []


def test_a_method_that_takes_an_actor_and_checks_nothing_is_found() -> None:
    source = (
        "class Refunds:\n"
        "    @command(permission='payments.refund')\n"
        "    def refund(self, actor: Actor) -> None: ...\n"
        "    def peek(self, actor: Actor) -> None: ...\n"
        "    def _settle(self, actor: Actor) -> None: ...\n"
        "    def twice(self, actor: Actor) -> None:\n"
        "        self.refund(actor)\n"
        "class Door(Protocol):\n"
        "    def enter(self, actor: Actor) -> None: ...\n"
    )
    assert source_rules.actor_methods_without_permission(source) == ["4: Refunds.peek"]


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = [path for path in tree.python_files() if set(tree.module_name(path).split(".")) & VAGUE]
    assert names == []


def test_the_web_shell_knows_the_kernels_words_and_no_domain() -> None:
    assert _broken(source_rules.beyond_kernel_and_infra, "web") == []


def test_an_import_of_a_domain_by_the_web_shell_is_found() -> None:
    source = "from services.kernel import ids\nfrom services import metrics\nimport services.identity.roles\n"
    assert source_rules.beyond_kernel_and_infra(source) == ["2: services", "3: services.identity.roles"]
