"""Keeping a world between two lives of the server: one private file, replaced whole."""

import os
import pickle
from pathlib import Path

from relove.sandbox.core import Core, Key
from relove.sandbox.world import World


def save(path: Path, core: Core) -> None:
    """Writes world and used keys; a crash in between leaves the older file."""
    keys = {id: key for id, key in core.keyring.keys.items() if key.number is None or key.active or key.dead}
    core.dirty = False
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        pickle.dump((core.world, keys), file, protocol=pickle.HIGHEST_PROTOCOL)
    draft.replace(path)


def load(path: Path) -> tuple[World, dict[int, Key]]:
    """The file is the server's own and private: it is trusted."""
    with path.open("rb") as file:
        world, keys = pickle.load(file)  # noqa: S301
    return world, keys
