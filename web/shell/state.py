"""The shell of the running server, where views and hooks find it."""

from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.shell.problems import Problems

_EXTENSION: Final = "greenlight_shell"


@dataclass(frozen=True, slots=True)
class Shell:
    """What the shell's parts share on one server."""

    config: ShellConfig
    ports: Ports
    problems: Problems


def install(server: Flask, shell: Shell) -> None:
    """Keep the shell on its server."""
    server.extensions[_EXTENSION] = shell


def shell_of(server: Flask) -> Shell:
    """Return the shell of a server."""
    found: Shell = server.extensions[_EXTENSION]
    return found


def current_shell() -> Shell:
    """Return the shell of the running request's server."""
    found: Shell = current_app.extensions[_EXTENSION]
    return found
