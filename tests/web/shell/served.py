"""The shell's test product as a WSGI application, for a real server whose working folder is its own."""

from pathlib import Path

from tests.web.shell.product import make_product

app = make_product(Path("bundles"), metrics_folder=Path("metrics"), threads=4)
