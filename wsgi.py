"""Web process root: the WSGI application of the surfaces that the settings name."""

from processes.web import application

app = application()
