"""PostgreSQL and Valkey from their wheels, for whoever configured no server of their own.

Nothing here knows Django: settings read what this package wrote, so it has to run before them.
`manage.py up` keeps one durable pair of servers under its process manager; tests, the demo and the
benchmarks take a pair that is thrown away (`throwaway`).
"""

from relove.embedded.ports import free_port, is_free, remembered_port
from relove.embedded.postgres import PostgreSQL
from relove.embedded.process import EmbeddedError, service_user
from relove.embedded.state import (
    ensure_keys,
    keys_file,
    new_keys,
    read_env,
    services_dir,
    services_file,
    session_keys_file,
    state_dir,
    write_env,
)
from relove.embedded.throwaway import passing_folder, throwaway
from relove.embedded.valkey import Valkey

__all__ = [
    "EmbeddedError",
    "PostgreSQL",
    "Valkey",
    "ensure_keys",
    "free_port",
    "is_free",
    "keys_file",
    "new_keys",
    "passing_folder",
    "read_env",
    "remembered_port",
    "service_user",
    "services_dir",
    "services_file",
    "session_keys_file",
    "state_dir",
    "throwaway",
    "write_env",
]
