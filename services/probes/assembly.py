"""Puts the verbs of probes together."""

from dataclasses import dataclass

from services.infra.targets import OutboundPolicy
from services.infra.uow import UnitOfWork
from services.probes.adopting import Adopting
from services.probes.definitions import Definitions
from services.probes.founding import ProbeFounding
from services.probes.intake import ProbeIntake
from services.probes.reads import ProbeReads
from services.probes.upkeep import ProbeUpkeep
from services.probes.vantages import Vantages


@dataclass(frozen=True, slots=True)
class Probes:
    """Everything that can be done with probes."""

    definitions: Definitions
    founding: ProbeFounding
    vantages: Vantages
    intake: ProbeIntake
    reads: ProbeReads
    upkeep: ProbeUpkeep
    adopting: Adopting


def make_probes(uow: UnitOfWork, policy: OutboundPolicy) -> Probes:
    """Return the verbs of probes, for an installation whose probes may go where the policy says."""
    return Probes(
        Definitions(uow, policy),
        ProbeFounding(uow, policy),
        Vantages(uow),
        ProbeIntake(uow),
        ProbeReads(uow),
        ProbeUpkeep(uow),
        Adopting(policy),
    )
