"""Files that are no exports, or were made to harm: refused whole with a reason, or left out thing by thing."""

import orjson
import pytest

from services.components.tables import ComponentRow
from services.imports.markdown import to_markdown
from services.imports.yaml_reading import read_yaml
from services.incidents.markup import to_safe_html
from services.kernel.errors import Invalid
from tests.imports.conftest import House, reasons

pytestmark = pytest.mark.capability("STATUS-2", "GO-4")

BILLION = b"a: &a [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n".encode() for n in range(8)
)
MERGES = b"a: &a {k: v}\n" + b"".join(
    f"{chr(98 + n)}: &{chr(98 + n)} {{<<: [{', '.join([f'*{chr(97 + n)}'] * 12)}]}}\n".encode() for n in range(8)
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (BILLION, "aliases stand for"),
        (MERGES, "aliases stand for"),
        (b"endpoints: &a [*a]", "leads back to itself"),
        (b"endpoints: &a\n  <<: *a", "leads back to itself"),
        (b"endpoints: !!python/object/apply:os.system [id]", "programming language"),
        (b"endpoints: !include /etc/passwd", "tag !include"),
        (b"endpoints: " + b"[" * 50_000, "nested deeper"),
        (b"endpoints: []\n---\nendpoints: []", "more than one document"),
        (b"endpoints: []\nendpoints: []", "comes twice"),
        (b"? [a, b]\n: c", "no word"),
        (b"endpoints: [", "no YAML"),
        (b"- a\n- b", "no mapping"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b" \n", "empty"),
        (b"endpoints: a\0b", "NUL"),
        (b"other: 1", "no “endpoints”"),
        (b"endpoints: 7", "is no list"),
        (b"#" * (2 * 1024 * 1024 + 1), "larger than 2 MiB"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_configuration_that_was_made_to_harm_is_refused(house: House, data: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        house.bring("gatus", data)
    assert why in refused.value.message
    assert house.count(ComponentRow) == 0


@pytest.mark.parametrize(
    ("source", "data", "why"),
    [
        ("statuspage", b"{", "no JSON"),
        ("statuspage", b"7", "single value"),
        ("statuspage", b"[]", "no summary.json"),
        ("statuspage", b'{"components": {"a": 1}}', "is no list"),
        ("statuspage", b'{"components": ' + b"[" * 200 + b"]" * 200 + b"}", "nested deeper"),
        ("statuspage", orjson.dumps({"components": [{}] * 1_001}), "split it"),
        ("statuspage", b" " * (10 * 1024 * 1024 + 1), "larger than 10 MiB"),
        ("kuma", b'{"version": "1"}', "no backup"),
        ("subscribers", b"name,phone\nAda,1\n", "must name its columns"),
        ("subscribers", b"email,email\na,b\n", "must name its columns"),
        ("subscribers", b'email\n"a', "no CSV"),
        ("subscribers", b'{"people": []}', "no list of subscribers"),
        ("elsewhere", b"{}", "Choose one of"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_file_that_is_no_export_is_refused_with_its_reason(house: House, source: str, data: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        house.bring(source, data)
    assert why in refused.value.message


def test_a_label_that_is_none_is_refused(house: House) -> None:
    with pytest.raises(Invalid, match="label"):
        house.bring("statuspage", {"components": []}, label="<b>")


def test_things_of_the_wrong_shape_are_left_out_one_by_one_and_the_rest_comes_over(house: House) -> None:
    good = {"id": "ok", "name": "Good", "status": "operational", "group": False}
    report = house.bring("statuspage", {
        "components": [
            good, good, 7, None, "x", [], {}, {"id": 1, "name": ["x"]},
            {"id": "n", "name": "", "status": "operational"},
            {"id": "s", "name": "S", "status": "on fire"},
            {"id": "l", "name": "L" * 300, "status": "operational"},
            {"id": "r", "name": "a\u202eb", "status": "operational"},
            {"id": True, "name": "T", "status": "operational"},
            {"id": "d", "name": "D", "status": "operational", "start_date": "soon"},
            {"id": "self", "name": "Self", "status": "operational", "group_id": "self"},
        ],
        "incidents": [
            {"id": "f", "name": "Future", "impact": "minor", "incident_updates": [
                {"id": "1", "status": "investigating", "body": "b", "created_at": "2999-01-01T00:00:00Z"}]},
            {"id": "z", "name": "Zoneless", "impact": "minor", "incident_updates": [
                {"id": "1", "status": "investigating", "body": "b", "created_at": "2024-01-01T00:00:00"}]},
            {"id": "e", "name": "Empty", "impact": "minor", "incident_updates": []},
            {"id": "w", "name": "Wrong", "impact": "huge", "incident_updates": [{}]},
            {"id": "c", "name": "Control \x07", "impact": "none", "incident_updates": [
                {"id": "1", "status": "investigating", "body": "b", "created_at": "2024-01-01T00:00:00Z"}]},
        ],
    })  # fmt: skip
    assert [line.name for line in report.lines if line.outcome == "made"] == ["Good", "Self"]
    for why in ("comes twice", "no object", "no status", "no id", "no day", "not in the file", "in the future",
                "no time zone", "no updates", "no impact"):  # fmt: skip
        assert why in reasons(report), why


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("a<br/>b", "a\nb"),
        ("<p>One</p><p>Two &amp; <b>three</b></p>", "One\n\nTwo & **three**"),
        ('<a href="https://a.example/x">here</a>', "[here](https://a.example/x)"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ("<script>alert(1)</script>ok", "ok"),
        ("latency < 5 ms and > 3", "latency < 5 ms and > 3"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
    ],
)
def test_html_of_others_becomes_words(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown


@pytest.mark.parametrize(
    "html",
    [
        "<img src=x onerror=alert(1)>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<a href='java&#115;cript:alert(1)'>x</a>",
        "<<script>script>alert(1)</script>",
    ],
)
def test_what_was_made_to_act_is_inert_where_it_is_shown(html: str) -> None:
    shown = to_safe_html(to_markdown(html))
    assert "<script" not in shown
    assert "<img" not in shown
    assert "href" not in shown


def test_yaml_is_read_as_plain_words_and_numbers() -> None:
    assert read_yaml(b"a: yes\nb: 010\nc: ~\nd: 1.5\ne: 'true'\nf: 2024-01-01\ng: TRUE") == {
        "a": "yes", "b": 10, "c": None, "d": 1.5, "e": "true", "f": "2024-01-01", "g": True,
    }  # fmt: skip
