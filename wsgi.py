"""Web process root: the WSGI application of the surfaces that the settings name."""

from processes.imported import all_imported, importing

importing()

from processes.web import application  # noqa: E402 -- nearly all of a start is this import

app = application()
all_imported()
