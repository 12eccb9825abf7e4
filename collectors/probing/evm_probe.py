"""EVM: a node that answers, is on the right chain, and whose latest block is not old.

Source: Ethereum JSON-RPC specification (eth_chainId, eth_getBlockByNumber).
"""

import time
from typing import Any

import orjson

from collectors.probing.looking import SeenDownError, Task, Tools
from services.probes.kinds import EvmCheck

_OK = 200


def look(task: Task, check: EvmCheck, tools: Tools) -> str:
    """Ask for the chain and its latest block.

    Raises: SeenDownError.
    """
    chain = _number(_asked(task, tools, "eth_chainId"))
    if chain != check.chain_id:
        raise SeenDownError("it is another chain", f"chain {chain}")
    block = _asked(task, tools, "eth_getBlockByNumber", "latest", False)  # noqa: FBT003 -- the method's parameter
    if not isinstance(block, dict):
        raise SeenDownError("there is no latest block")
    number, age = _number(block.get("number")), time.time() - _number(block.get("timestamp"))
    if check.block_age_seconds_max is not None and age > check.block_age_seconds_max:
        raise SeenDownError("its blocks do not advance", f"block {number} is {int(age)} s old")
    return f"block {number}, {max(0, int(age))} s old"


def _asked(task: Task, tools: Tools, method: str, *parameters: object) -> Any:  # noqa: ANN401 -- JSON
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
    answer = tools.outbound.fetch(
        "POST",
        task.filled(task.target),
        headers={"Content-Type": "application/json"},
        body=body,
        timeout_seconds=task.deadline.left(),
        max_bytes=4_194_304,
    )
    if answer.status != _OK:
        raise SeenDownError(f"answers {answer.status}", answer.excerpt(200))
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise SeenDownError("the answer is no JSON", answer.excerpt(200)) from error
    if not isinstance(document, dict) or "result" not in document:
        said = document.get("error") if isinstance(document, dict) else None
        raise SeenDownError("the node refuses the question", str(said)[:200])
    return document["result"]


def _number(text: object) -> int:
    try:
        return int(str(text), 16)
    except ValueError as error:
        raise SeenDownError("the node answers with no number", str(text)[:100]) from error
