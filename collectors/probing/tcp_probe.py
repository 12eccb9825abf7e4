"""TCP: a connection, and what the server says first."""

from collectors.probing.looking import SeenDownError, Task, Tools
from services.probes.kinds import TcpCheck, host_and_port

GREETING_BYTES_MAX = 1_024


def look(task: Task, check: TcpCheck, tools: Tools) -> str:
    """Connect, and wait for the greeting where one is expected.

    Raises: SeenDownError.
    """
    host, port = host_and_port(task.target)
    with tools.outbound.connect(host, port, timeout_seconds=task.deadline.left()) as connection:
        if not check.greeting:
            return "connected"
        heard = b""
        while check.greeting.encode() not in heard and len(heard) < GREETING_BYTES_MAX:
            connection.settimeout(task.deadline.left())
            try:
                part = connection.recv(GREETING_BYTES_MAX)
            except TimeoutError as error:
                raise SeenDownError("says nothing in time") from error
            except OSError as error:
                raise SeenDownError("hangs up at once") from error
            if not part:
                break
            heard += part
    said = heard.decode("utf-8", "replace")
    if check.greeting not in said:
        raise SeenDownError("greets otherwise than expected", said[:100])
    return said.splitlines()[0][:100]
