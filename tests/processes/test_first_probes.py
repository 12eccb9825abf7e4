"""What an installation looks at by itself."""

import pytest

from processes.first_probes import first_probes, opened, own_door
from services.infra.settings import Settings, read
from services.infra.targets import Opening, OutboundPolicy, address_checked
from services.kernel.errors import Invalid
from services.probes.kinds import checked_target, read_check
from services.probes.rules import checked_numbers

pytestmark = pytest.mark.capability("STATUS-4")


def settings_of(**values: object) -> Settings:
    return read({}, **values)


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("127.0.0.1", "127.0.0.1:8482"),
        ("0.0.0.0", "127.0.0.1:8482"),  # noqa: S104 -- read and not bound
        ("::", "[::1]:8482"),
        ("10.1.2.3", "10.1.2.3:8482"),
    ],
)
def test_an_installation_opens_its_own_door_to_its_probes_and_no_other(host: str, place: str) -> None:
    settings = opened(settings_of(host=host, port=8482, probe_allow="10.9.0.0/16"))
    assert settings.probe_allow == f"10.9.0.0/16,{place}"
    assert opened(settings).probe_allow == settings.probe_allow
    assert own_door(settings) == f"http://{place}/health/live"
    policy = OutboundPolicy(openings=Opening.parse(settings.probe_allow), any_port=True)
    for probe in first_probes(settings):
        checked_target(probe.draft.kind, probe.draft.target, policy)
        read_check(probe.draft.kind, probe.draft.settings)
        checked_numbers(probe.draft, ["local"])
    with pytest.raises(Invalid):
        address_checked(policy, "http://127.0.0.1:22/")


def test_payments_are_looked_at_where_there_is_a_processor_and_its_key_stands_nowhere_in_clear() -> None:
    assert {first.draft.component_id for first in first_probes(settings_of())} == {
        "website00001", "publicapi001", "database0001"
    }  # fmt: skip
    paid = first_probes(settings_of(stripe_secret_key="sk_test_0123456789", stripe_url="http://127.0.0.1:9999"))
    assert {"checkout0001", "payouts00001"} <= {str(first.draft.component_id) for first in paid}
    assert "sk_test_0123456789" not in repr(paid)
