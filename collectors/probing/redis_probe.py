"""Redis: a server that answers PING, spoken by hand, so that we connect to the very address that was checked.

Source: Redis serialization protocol (RESP2).
"""

import socket
import ssl

from collectors.probing.looking import SeenDownError, Task, Tools
from services.probes.kinds import RedisCheck, read_database

LINE_BYTES_MAX = 512


def look(task: Task, _check: RedisCheck, tools: Tools) -> str:
    """Sign in where there is a password, and ping.

    Raises: SeenDownError.
    """
    target = read_database("redis", task.target)
    connection = tools.outbound.connect(target.host, target.port, timeout_seconds=task.deadline.left())
    with connection:
        try:
            if target.scheme == "rediss":
                connection.settimeout(task.deadline.left())
                connection = tools.trust().wrap_socket(connection, server_hostname=target.host)
            if target.password:
                named = [target.user] if target.user else []
                _said(connection, task, "AUTH", *named, task.filled(target.password))
            answer = _said(connection, task, "PING")
        except ssl.SSLError as error:
            raise SeenDownError("the TLS handshake fails", str(error.reason or "")) from error
        except TimeoutError as error:
            raise SeenDownError("timeout") from error
        except OSError as error:
            raise SeenDownError("hangs up", str(error)) from error
    if answer != "PONG":
        raise SeenDownError("answers otherwise than Redis does", answer[:100])
    return answer


def _said(connection: socket.socket, task: Task, *words: str) -> str:
    encoded = [word.encode() for word in words]
    command = b"".join([b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)])
    connection.settimeout(task.deadline.left())
    connection.sendall(command)
    line = b""
    while not line.endswith(b"\r\n"):
        connection.settimeout(task.deadline.left())
        part = connection.recv(LINE_BYTES_MAX)
        if not part or len(line) > LINE_BYTES_MAX:
            raise SeenDownError("answers otherwise than Redis does")
        line += part
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("-"):
        refused = text.split()[0] in {"-NOAUTH", "-WRONGPASS"}
        raise SeenDownError("refuses the login" if refused else "refuses the ping", text[:100])
    return text.removeprefix("+")
