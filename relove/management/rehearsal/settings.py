"""The project's settings inside a rehearsal: the sandbox whatever is configured, and simulated time."""

import os

from relove.management.rehearsal.environment import SANDBOX_ONLY

# again here: with these settings no process speaks with anything real, whoever starts it
os.environ.update(SANDBOX_ONLY)

from relove.settings import *  # noqa: F403
from relove.settings import DATABASES, SANDBOX_HTTP, SANDBOX_TELEGRAM, env

if not (SANDBOX_TELEGRAM.startswith("127.0.0.1:") and SANDBOX_HTTP.startswith("http://127.0.0.1:")):
    raise RuntimeError("A rehearsal speaks with a sandbox on this machine only.")
LLM_BASE_URL = f"{SANDBOX_HTTP}/v1"

# ours before PostgreSQL's own: now() is the simulated one (relove.management.rehearsal.clock)
DATABASES["default"]["OPTIONS"]["options"] = "-c search_path=public,pg_catalog"
DATABASES["default"]["CONN_MAX_AGE"] = env.int("RELOVE_CONN_MAX_AGE", default=600)
# a model that answers within milliseconds needs few hands
LLM_CONCURRENCY = 4
