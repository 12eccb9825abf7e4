"""Results that wait: neither a dead server, a restart nor a torn file loses more than it must."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.probing.spool import Spool
from services.kernel.ids import uuid7
from services.probes.views import Finding

pytestmark = pytest.mark.capability("STATUS-4")

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def findings(count: int) -> list[Finding]:
    return [Finding(f"{uuid7():032x}", "prb_1", NOON + timedelta(seconds=n), "up", n) for n in range(count)]


def test_what_waits_survives_a_restart_in_order(tmp_path: Path) -> None:
    file, made = tmp_path / "a.spool", findings(5)
    spool = Spool(file)
    for each in made:
        spool.add(each)
    spool.drop([made[0].id])
    again = Spool(file)
    # Handing in twice is harmless; losing is not.
    assert again.first(10)[-4:] == made[1:]
    again.drop([each.id for each in made])
    assert len(Spool(file)) == 0


def test_a_line_torn_by_a_power_cut_costs_that_result_alone(tmp_path: Path) -> None:
    file, made = tmp_path / "a.spool", findings(2)
    spool = Spool(file)
    for each in made:
        spool.add(each)
    file.write_bytes(file.read_bytes()[:-20] + b"\n[]\n\xff\xfe\n")
    assert Spool(file).first(10) == made[:1]


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path) -> None:
    file, made = tmp_path / "a.spool", findings(6)
    spool = Spool(file, most=4)
    for each in made:
        spool.add(each)
    assert spool.first(10) == made[2:]
    assert Spool(file, most=4).first(10) == made[2:]


def test_a_disk_that_refuses_leaves_them_in_memory(tmp_path: Path) -> None:
    spool, made = Spool(tmp_path / "gone" / "a.spool"), findings(2)
    for each in made:
        spool.add(each)
    assert spool.first(10) == made
    spool.drop([made[0].id])
    assert spool.first(10) == made[1:]
