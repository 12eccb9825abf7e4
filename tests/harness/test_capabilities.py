import json
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.plugins.capability import Recorder
from tools import capabilities, capability_table
from tools.paths import ROOT


def test_the_capability_document_says_what_the_tests_carry() -> None:
    assert capabilities.DOCUMENT.read_text() == capabilities.render_document(), "run `make docs`"


def test_the_catalogue_is_the_products_own_table() -> None:
    description = capabilities.product_description()
    if description is not None:
        assert capability_table.CATALOGUE.read_text() == capabilities.render_catalogue(description.read_text())
    assert len(capability_table.catalogue()) == 112


def test_markers_are_found_on_functions_classes_modules_and_parameters() -> None:
    source = textwrap.dedent(
        """
        import pytest
        pytestmark = [pytest.mark.capability("ERR-1")]

        @pytest.mark.capability("GO-4")
        class TestDoor:
            @pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.capability("ERR-2"))])
            def test_opens(self, n): ...

        @pytest.mark.capability("STATUS-1", "STATUS-2")
        def test_page(): ...

        def not_a_test(): ...
        """
    )
    assert capabilities.proofs_in(source, "t.py") == [
        ("ERR-1", "t.py::TestDoor::test_opens"),
        ("ERR-2", "t.py::TestDoor::test_opens"),
        ("GO-4", "t.py::TestDoor::test_opens"),
        ("ERR-1", "t.py::test_page"),
        ("STATUS-1", "t.py::test_page"),
        ("STATUS-2", "t.py::test_page"),
    ]


def _run(tmp_path: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_sample.py").write_text(textwrap.dedent(source))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        "-p",
        "conftest",
        str(tmp_path),
        f"--basetemp={tmp_path / 'base'}",
        *options,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_run_over_two_workers_counts_each_proof_once_and_shows_it(tmp_path: Path) -> None:
    done = _run(
        tmp_path,
        """
        import pytest

        @pytest.fixture
        def broken():
            raise RuntimeError

        @pytest.mark.capability("ERR-1")
        @pytest.mark.parametrize("n", range(3))
        def test_passes(n): ...

        @pytest.mark.capability("ERR-2")
        def test_fails():
            assert False

        @pytest.mark.capability("ERR-5")
        def test_cannot_start(broken): ...

        @pytest.mark.capability("GO-4")
        def test_is_skipped():
            pytest.skip("no server")
        """,
        "-n2",
        "--result-name=sample",
        f"--result-folder={tmp_path}",
    )
    run: capability_table.Run = json.loads((tmp_path / "sample.json").read_text())
    assert run["totals"] == {"passed": 3, "failed": 2, "skipped": 1}
    assert run["capabilities"] == {
        "ERR-1": {"passed": 3, "failed": 0, "skipped": 0},
        "ERR-2": {"passed": 0, "failed": 1, "skipped": 0},
        "ERR-5": {"passed": 0, "failed": 1, "skipped": 0},
        "GO-4": {"passed": 0, "failed": 0, "skipped": 1},
    }
    assert done.returncode == 1
    for words in ("ERR-1        proved", "ERR-2        FAILED", "GO-4         skipped", "1 of 112 capabilities"):
        assert words in done.stdout


def test_an_unknown_capability_stops_the_run(tmp_path: Path) -> None:
    done = _run(
        tmp_path,
        """
        import pytest

        @pytest.mark.capability("STATUS-99")
        def test_nothing(): ...
        """,
    )
    assert done.returncode != 0
    assert "no capability 'STATUS-99'" in done.stdout + done.stderr


def test_a_file_that_cannot_be_collected_counts_as_failed(tmp_path: Path) -> None:
    _run(tmp_path, "import nothing_of_that_name", "--result-name=sample", f"--result-folder={tmp_path}")
    assert json.loads((tmp_path / "sample.json").read_text())["totals"]["failed"] == 1


def test_the_closing_line_counts_all_runs() -> None:
    recorder = Recorder("one", Path())
    recorder.outcomes = {"a": "passed", "b": "failed"}
    assert capability_table.closing_line([recorder.run(), recorder.run()]) == "2 passed, 2 failed, 0 skipped"
