"""The export that ships with the project."""

from pathlib import Path


def shipped_export() -> Path:
    return Path(__file__).parent / "data" / "result.json"
