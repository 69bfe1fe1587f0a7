"""What is logged when the cache's server is away."""

import logging
import time

EVERY_SECONDS = 10.0


class Brief(logging.Filter):
    """One line every ten seconds: that the cache is away is news, each place that noticed is not."""

    def __init__(self) -> None:
        super().__init__()
        self._said: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if self._said is not None and now - self._said < EVERY_SECONDS:
            return False
        self._said = now
        if record.exc_info:
            record.msg, record.args = "The cache does not answer: %s", (record.exc_info[1],)
            record.exc_info = record.exc_text = None
        return True
