"""What a stranger may break of the demo's payment processor."""

from collections.abc import Mapping
from typing import Final

MENDED: Final = {"charges": "normal", "payouts": "normal", "webhooks": "normal"}
"""How the sandbox behaves when nobody has broken anything."""
BREAKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "declined": ("charges", "declined", "Every card is declined."),
    "error": ("charges", "error", "The processor answers every request with an error."),
    "silent": ("charges", "silent", "The processor does not answer at all."),
    "payouts-stall": ("payouts", "held", "Payouts leave and do not arrive."),
    "payouts-fail": ("payouts", "failed", "Banks send payouts back."),
    "notices-lost": ("webhooks", "dropped", "The processor's notices do not arrive."),
    "notices-doubled": ("webhooks", "doubled", "Each notice comes twice."),
    "notices-reversed": ("webhooks", "reversed", "Notices come in the wrong order."),
}
"""What can be broken: the part of the sandbox, how it then behaves, and that in words."""
