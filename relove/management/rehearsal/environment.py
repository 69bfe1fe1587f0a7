"""What the processes of a rehearsal are given. Allowed is named; all else of the real environment stays out."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

SETTINGS_MODULE = "relove.management.rehearsal.settings"
# what a Python process needs to start and to speak
PLAIN = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
PYTHON = "PYTHON"
# Set, not left out: a process reads .env for what it was not given.
SANDBOX_ONLY = {
    "RELOVE_TELEGRAM": "sandbox",
    "TELEGRAM_API_ID": "1",
    "TELEGRAM_API_HASH": "sandbox",
    "LLM_API_KEY": "sandbox",
    "LLM_MODEL": "sandbox",
    "LLM_PRICES": "{}",
    "LLM_DAILY_BUDGET_USD": "1000000",
    "RELOVE_EMAIL_URL": "dummymail://",
    "RELOVE_ALERT_EMAILS": "",
    "RELOVE_METRICS_TOKEN": "",
    "REDIS_URL": "",
    "RELOVE_FAULT_POINT": "",
    "RELOVE_RUNNER_PROCESSES": "1",
}
# How the real system behaves, by the names of its settings: these values are in force there.
BEHAVIOUR = {
    "RELOVE_TIME_ZONE": "TIME_ZONE",
    "RELOVE_PRIVACY_URL": "PRIVACY_URL",
    "LLM_PROVIDER_NAME": "LLM_PROVIDER_NAME",
    "RELOVE_SEND_CEILING": "SEND_CEILING",
    "RELOVE_PACE_PER_SECOND": "PACE_PER_SECOND",
    "RELOVE_PACE_PER_MINUTE": "PACE_PER_MINUTE",
    "RELOVE_RETRY_BASE_SECONDS": "RETRY_BASE_SECONDS",
    "RELOVE_DIAGNOSTICS_MONTHS": "DIAGNOSTICS_MONTHS",
}


def inside(servers: Mapping[str, str], state: Path, telegram: int, http: int) -> dict[str, str]:
    """The environment of the inside: `servers` (addresses and fresh keys), and the sandbox's two ports."""
    kept = {name: os.environ[name] for name in os.environ if name in PLAIN or name.startswith(PYTHON)}
    behaviour = {name: str(getattr(settings, setting)) for name, setting in BEHAVIOUR.items()}
    return {
        **kept,
        **behaviour,
        **SANDBOX_ONLY,
        **servers,
        "RELOVE_HASH_KEY": servers["RELOVE_SECRET_KEY"],
        "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE,
        "RELOVE_STATE_DIR": str(state),
        "RELOVE_SANDBOX_TELEGRAM": f"127.0.0.1:{telegram}",
        "RELOVE_SANDBOX_HTTP": f"http://127.0.0.1:{http}",
        "LLM_BASE_URL": f"http://127.0.0.1:{http}/v1",
    }
