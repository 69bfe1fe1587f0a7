"""What is logged while a test runs, as our formatter writes it."""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from relove import logs


class Said:
    """What a handler with our formatter wrote."""

    def __init__(self, form: str, secrets: Sequence[str] = ()) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(logs.formatter(form, secrets))

    def hear(self, logger: str, template: str, *arguments: Any) -> None:
        """A line of a logger whose level would keep it to itself here."""
        self.handler.handle(logging.LogRecord(logger, logging.DEBUG, __file__, 1, template, arguments, None))

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def events(self, **bound: Any) -> set[str]:
        """What was said under these ids."""
        return {line["event"] for line in self.lines if bound.items() <= line.items()}


@contextmanager
def listening(form: str, secrets: Sequence[str] = ()) -> Iterator[Said]:
    heard, root = Said(form, secrets), logging.getLogger()
    before = root.level
    root.addHandler(heard.handler)
    root.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(heard.handler)
        root.setLevel(before)
