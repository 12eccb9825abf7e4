"""Runs a piece of a test as an account whose rights the file system does check."""

import json
import os
from collections.abc import Callable

from tests.servers.process import unprivileged_user


def as_somebody_else(work: Callable[[], object]) -> object:
    """Return what the work returns (JSON values) in a fork that is not root; root itself passes every check."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            user = unprivileged_user()
            if user is not None:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            os.write(writer, json.dumps(work()).encode())
            code = 0
        except BaseException as error:  # noqa: BLE001 -- the fork must not run on as a second pytest
            os.write(writer, json.dumps(f"{type(error).__name__}: {error}").encode())
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)
