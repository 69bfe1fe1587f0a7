"""What a contender is to do: accounts, messages, and where Telegram and the database are."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

# The environment variable with the path of the plan's JSON file.
VARIABLE = "RELOVE_CONTENDER_PLAN"
# Requests in flight for each account: as many as a runner of ours has.
LANES = 8


class Message(NamedTuple):
    """A comment in a group; `account` is the sender's Telegram id, `group` the bare id of the group."""

    id: int
    account: int
    group: int
    access_hash: int
    reply_to: int
    text: str
    random_id: int


@dataclass(frozen=True)
class Plan:
    """`telegram` is the server's host and port, `keys` the authorisation keys in hex by account."""

    telegram: tuple[str, int]
    keys: Mapping[int, str]
    messages: Sequence[Message]
    database: str
    redis: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls) -> "Plan":
        """The plan that the environment names."""
        found = json.loads(Path(os.environ[VARIABLE]).read_text())
        host, port = found.pop("telegram")
        keys = {int(account): key for account, key in found.pop("keys").items()}
        messages = [Message(*fields) for fields in found.pop("messages")]
        return cls(telegram=(host, port), keys=keys, messages=messages, **found)
