import json
import os
import re
import shutil
from pathlib import Path

import pytest

from web.ui import bundles
from web.ui.static import StaticManifest


@pytest.fixture
def copy(repository: Path, manifest: StaticManifest, tmp_path: Path) -> Path:
    """A repository of its own: sources copied, node_modules borrowed."""
    assert manifest.names()
    root = tmp_path / "repository"
    root.mkdir()
    shutil.copytree(repository / "assets", root / "assets", ignore=shutil.ignore_patterns("built"))
    shutil.copy(repository / "package-lock.json", root)
    (root / "node_modules").symlink_to(repository / "node_modules")
    shutil.copytree(repository / "assets" / "built" / "compressed", root / "assets" / "built" / "compressed")
    return root


class Installer:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, root: Path, *, tests: bool) -> None:
        self.calls += 1


def build(root: Path, installer: Installer | None = None, said: list[str] | None = None) -> StaticManifest:
    return bundles.build(
        root,
        root / "assets" / "built",
        install=installer or Installer(),
        say=(said if said is not None else []).append,
    )


def test_a_second_build_does_nothing(copy: Path) -> None:
    said: list[str] = []
    first = build(copy, said=said)
    before = (copy / "assets" / "built" / "manifest.json").stat().st_mtime_ns
    second = build(copy, said=said)
    assert said == ["building front-end files"]
    assert (copy / "assets" / "built" / "manifest.json").stat().st_mtime_ns == before
    assert first.url("public.css") == second.url("public.css")


def test_a_changed_source_changes_its_address_and_old_files_go_once_no_server_can_name_them(copy: Path) -> None:
    old = build(copy)
    tokens = copy / "assets" / "tokens.css"
    tokens.write_text(tokens.read_text("utf-8") + ":root{--x:1}", "utf-8")
    new = build(copy)
    assert new.url("tokens.css") != old.url("tokens.css")
    assert new.url("public.css") != old.url("public.css")
    assert new.url("hls.min.js") == old.url("hls.min.js")
    former = copy / "assets" / "built" / "files" / old.url("tokens.css").split("/")[2]
    assert former.exists(), "a server that runs since before still serves it"
    os.utime(former, (0, 0))
    (copy / "assets" / "tokens.css").write_text(":root { --changed: once-more }")
    build(copy)
    assert not former.exists()


def test_a_finished_build_is_served_without_node_modules(copy: Path) -> None:
    build(copy)
    (copy / "node_modules").unlink()
    installer = Installer()
    build(copy, installer)
    assert installer.calls == 0


def test_packages_are_installed_where_they_are_missing_or_of_another_version(copy: Path, repository: Path) -> None:
    assert bundles.installed(copy, tests=True)
    lock = json.loads((copy / "package-lock.json").read_text("utf-8"))
    lock["packages"]["node_modules/hls.js"]["integrity"] = "sha512-other"
    (copy / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    assert not bundles.installed(copy, tests=False)
    installer = Installer()
    build(copy, installer)
    assert installer.calls == 1


def test_what_only_tests_need_is_not_needed_to_serve(copy: Path, repository: Path, tmp_path: Path) -> None:
    record = json.loads((repository / "node_modules" / ".package-lock.json").read_text("utf-8"))
    del record["packages"]["node_modules/axe-core"]
    (copy / "node_modules").unlink()
    (copy / "node_modules").mkdir()
    (copy / "node_modules" / ".package-lock.json").write_text(json.dumps(record), "utf-8")
    assert bundles.installed(copy, tests=False)
    assert not bundles.installed(copy, tests=True)


def test_a_failed_installation_says_why(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}", "utf-8")
    with pytest.raises(RuntimeError, match="npm ci failed"):
        bundles.run_npm_ci(tmp_path, tests=False)


def test_the_lock_file_names_no_host_to_fetch_from(repository: Path) -> None:
    lock = json.loads((repository / "package-lock.json").read_text("utf-8"))
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all(package["integrity"].startswith("sha512-") for place, package in lock["packages"].items() if place)
    assert "registry" not in (repository / ".npmrc").read_text("utf-8").replace("lockfile-registry-resolved", "")


def test_styles_name_only_our_own_files(manifest: StaticManifest) -> None:
    for name in ("public.css", "app.css"):
        addresses = re.findall(r"url\(([^)]*)\)", manifest.text(name))
        assert addresses
        assert all(address.startswith(('"data:', "data:", "/static/")) for address in addresses)
        assert "@import" not in manifest.text(name)


def test_every_token_that_is_used_is_defined(manifest: StaticManifest) -> None:
    own = "\n".join(manifest.text(name) for name in (*bundles.OWN_STYLES, *bundles.DASH_STYLES))
    defined = set(re.findall(r"(--[\w-]+)\s*:", own)) | {"--lanes", "--lane", "--gutter"}
    used = set(re.findall(r"var\((--[\w-]+)", own))
    assert used <= defined


def test_plotly_is_the_bundle_that_needs_no_eval(manifest: StaticManifest) -> None:
    assert "new Function(" not in manifest.text("plotly-basic.min.js")


def test_the_scripts_of_dash_are_found_without_the_megabytes_that_nobody_asks_for() -> None:
    names = {path.name for path in bundles.dash_scripts()}
    assert {"dash_renderer.min.js", "react@18.3.1.min.js", "dash_html_components.min.js"} <= names
    assert not any("plotly.min" in name or "enterprise" in name for name in names)
