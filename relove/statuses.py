"""How every state in the system looks: one table for badges, legends and charts.

The words are the models' own choices; here stand colour and icon. A state is never shown by colour
alone: the icon and the word stand beside it.
"""

from dataclasses import dataclass
from typing import Literal

Variant = Literal["default", "info", "primary", "success", "warning", "danger"]


@dataclass(frozen=True)
class Look:
    """`icon` is a name of Material Symbols."""

    variant: Variant
    icon: str


PLAIN = Look("default", "circle")

LOOKS: dict[str, Look] = {
    # outgoing messages
    "draft": Look("info", "edit_note"),
    "pending": Look("primary", "schedule"),
    "sending": Look("primary", "progress_activity"),
    "sent": Look("success", "check"),
    "failed": Look("danger", "error"),
    "unknown": Look("warning", "help"),
    "rejected": Look("default", "block"),
    "cancelled": Look("default", "close"),
    "expired": Look("default", "timer_off"),
    "deleted": Look("default", "delete"),
    # accounts and work sessions
    "active": Look("success", "check_circle"),
    "signing_in": Look("info", "login"),
    "limited": Look("warning", "hourglass_top"),
    "banned": Look("danger", "block"),
    "signed_out": Look("danger", "logout"),
    "disabled": Look("default", "power_settings_new"),
    "completed": Look("success", "check"),
    # versions of scripts
    "live": Look("success", "play_circle"),
    "retired": Look("default", "history"),
    # posts
    "new": Look("info", "fiber_new"),
    "summarised": Look("info", "summarize"),
    "drafted": Look("success", "edit_note"),
    "refused": Look("warning", "do_not_disturb_on"),
    "ignored": Look("default", "visibility"),
    # account calls, operations, model calls
    "waiting": Look("info", "hourglass_empty"),
    "running": Look("primary", "progress_activity"),
    "done": Look("success", "check"),
    "started": Look("primary", "progress_activity"),
    "answered": Look("success", "check"),
    "success": Look("success", "check"),
    # posting basis
    "none": Look("default", "visibility"),
    "own": Look("success", "home"),
    "agreed": Look("success", "handshake"),
    # rehearsals and their items
    "stopping": Look("warning", "progress_activity"),
    "came": Look("default", "call_received"),
    "held": Look("info", "pause_circle"),
    # security events
    "signed_in": Look("success", "login"),
    "leased": Look("default", "link"),
    "released": Look("default", "link_off"),
    "lease_lost": Look("warning", "link_off"),
    "flood": Look("warning", "hourglass_top"),
    "peer_flood": Look("danger", "do_not_disturb_on"),
    "revoked": Look("danger", "key_off"),
    "duplicated": Look("danger", "content_copy"),
    "paused": Look("warning", "pause"),
    "resumed": Look("success", "play_arrow"),
    "disclosure": Look("info", "badge"),
    "slowed": Look("warning", "speed"),
    "calm": Look("success", "speed"),
    "profile": Look("default", "edit"),
    "ended": Look("default", "logout"),
}


def look(state: str) -> Look:
    """How a state looks; an unknown one is plain."""
    return LOOKS.get(state, PLAIN)
