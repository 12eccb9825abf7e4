"""Reading CMCD event reports: what is right is read, what is wrong is refused with its line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Invalid
from services.metrics import cmcd
from services.metrics.cmcd import PlayEvent, parse_report

FULL = (
    'bl=(5000),br=(3200;v),cid="creator-42/vid-7",e=ps,mtp=(25400),pr=1,sf=h,sid="3f0c",sn=7,st=v,sta=s,su,'
    "ts=1795492078985,v=2"
)


def record(**changes: str | None) -> bytes:
    members = {"e": "ps", "sid": '"a"', "sta": "p", "ts": "1795492078985", "v": "2"}
    members.update({k.rstrip("_").replace("__", "-"): v for k, v in changes.items() if v is not None})
    for key, value in changes.items():
        if value is None:
            del members[key]
    return ",".join(f"{k}={v}" if v else k for k, v in members.items()).encode()


def refused(body: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        parse_report(body)
    assert caught.value.code == "cmcd_malformed"
    return caught.value


def test_a_full_record_is_read() -> None:
    assert parse_report(FULL.encode()) == [
        PlayEvent("3f0c", 7, 1795492078985, "ps", "s", parse_report(FULL.encode())[0].content, stream="h")
    ]


def test_every_record_of_a_report_is_read_in_order() -> None:
    body = b"\n".join(record(sn=str(i)) for i in range(20))
    assert [event.sn for event in parse_report(body)] == list(range(20))


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_a_report_may_end_with_newlines(end: bytes) -> None:
    assert len(parse_report(record() + end)) == 1


def test_durations_that_other_players_send_are_read() -> None:
    (event,) = parse_report(record(msd="1240", bsd="(300 1200)", bsda="(1500)"))
    assert (event.msd, event.bsd, event.bsd_count, event.bsda) == (1_240, 1_500, 2, 1_500)


def test_strings_may_hold_commas_quotes_and_equals_signs() -> None:
    body = rb'cid="a,b=\"c\",\\d",e=ps,sid="x,y",sta=p,ts=1,v=2'
    (event,) = parse_report(body)
    assert event.sid == "x,y"
    assert event.content == parse_report(rb'e=ps,cid="a,b=\"c\",\\d",sid="z",sta=p,ts=1,v=2')[0].content


def test_the_last_of_a_repeated_key_counts() -> None:
    assert parse_report(b'e=ps,sid="a",sta=p,sta=r,ts=1,v=2')[0].state == "r"


def test_white_space_around_commas_is_allowed() -> None:
    assert parse_report(b'e=ps , sid="a",\tsta=p, ts=1 ,v=2')[0].sid == "a"


def test_unknown_and_custom_keys_are_allowed() -> None:
    assert parse_report(record(zz="(1 2)", com__example_x='"yes"', later="@1795492078"))[0].sid == "a"


def test_a_change_of_content_shows() -> None:
    one, two = parse_report(record(cid='"a"') + b"\n" + record(cid='"b"'))
    assert one.content != two.content


def test_a_later_bad_record_refuses_the_whole_report_and_names_its_line() -> None:
    error = refused(record() + b"\n" + record() + b"\n" + record(ts="soon"))
    assert (error.facts["line"], error.facts["key"]) == (3, "ts")
    assert "line 3, key ts" in error.message


@pytest.mark.parametrize("key", ["e", "ts", "sid", "sta", "v"])
def test_what_is_needed_may_not_be_missing(key: str) -> None:
    assert refused(record(**{key: None})).facts["key"] == key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ts", '"1795492078985"'),
        ("ts", "1.5"),
        ("ts", "-1"),
        ("sn", "one"),
        ("sn", "-4"),
        ("sn", "1.0"),
        ("sid", "12"),
        ("sid", '""'),
        ("sid", f'"{"x" * 65}"'),
        ("cid", f'"{"x" * 129}"'),
        ("cdn", f'"{"x" * 129}"'),
        ("e", "zz"),
        ("sta", "playing"),
        ("sf", "x"),
        ("v", "1"),
        ("v", "3"),
        ("v", '"2"'),
        ("msd", "(1)"),
        ("msd", "-1"),
        ("bsd", "5"),
        ("bsd", '("a")'),
        ("bsda", "(-5)"),
        ("br", "3000"),
        ("br", "(high)"),
        ("ec", "(1)"),
        ("su", "1"),
        ("bg", "yes"),
        ("pr", '"fast"'),
        ("com.example-n", "7"),
        ("com.example-n", f'"{"x" * 65}"'),
        ("cen", '"mine"'),
        ("ttfb", "30"),
    ],
)
def test_wrong_types_values_and_lengths_are_refused_by_key(key: str, value: str) -> None:
    assert refused(record(**{key: value})).facts["key"] == key


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"  ",
        b"hello world",
        b'{"sid": "a", "e": "ps"}',
        record()[:-8] + b"=",
        record() + b",",
        b"," + record(),
        record() + b",,su",
        record() + b',cid="open',
        record() + b',cid="bad\\escape"',
        record() + b",bl=(1 2",
        record() + b",bl=(1,2)",
        record() + b",Upper=1",
        record() + b",x=1.2345",
        record() + b",x=1234567890123456",
        record() + b",x=",
        record() + b",x=?2",
        record(ts="9999999999999999"),
        b"e=ps\tsid",
        b'e=ps,sid="a",sta=p,ts=1,v=2 v=2',
        'e=ps,sid="é",sta=p,ts=1,v=2'.encode(),
        b"\xff\xfe\x00",
        b"\x00" * 100,
    ],
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    refused(body)


def test_a_report_of_too_many_records_or_members_is_refused() -> None:
    refused(b"\n".join([record()] * (cmcd.RECORDS_MAX + 1)))
    refused(record() + b"," + b",".join(b"k%d" % i for i in range(100)))


@pytest.mark.parametrize(
    "hostile",
    [b"bl=(" + b"1 " * 50_000, b"a=" + b"\\" * 100_000, b'cid="' + b"\\\\" * 60_000, b"a;b" * 40_000, b"(" * 100_000],
)
def test_hostile_input_is_refused_in_no_time(hostile: bytes) -> None:
    refused(record() + b"," + hostile)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        parse_report(text.encode())


@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64),
    st.integers(0, 10**15 - 1),
    st.integers(0, 10**15 - 1),
)
def test_what_is_written_is_read(sid: str, sn: int, ts: int) -> None:
    quoted = sid.replace("\\", "\\\\").replace('"', '\\"')
    (event,) = parse_report(f'e=t,sid="{quoted}",sn={sn},ts={ts},v=2'.encode())
    assert (event.sid, event.sn, event.ts) == (sid, sn, ts)


def test_the_cache_of_repeating_members_stays_bounded() -> None:
    for i in range(cmcd._SEEN_MAX + 500):
        parse_report(record(sid=f'"session-{i}"'))
    assert len(cmcd._seen) <= cmcd._SEEN_MAX
