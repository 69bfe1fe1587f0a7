"""How the programs' logs are written: by structlog, as JSON or readable, redacted (relove.redaction).

Code logs through `logging` as ever; every line of ours and of the libraries passes the same processors and
carries what is bound to the work at hand: `request_id` in the pages, `task` (the row that is worked on, as
"generated_comments:17") and `account` elsewhere. An account call carries the request that asked for it.
"""

import json
import logging
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars, get_contextvars
from structlog.typing import EventDict

from relove.redaction import Redactor

READABLE, JSON = "readable", "json"
FORMATS = (READABLE, JSON)
REQUEST = "request_id"
HEAD = ("timestamp", "level", "logger", "event")


def config(level: str, form: str, secrets: Iterable[str]) -> dict[str, Any]:
    """For Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"redacted": {"()": formatter, "form": form, "secrets": tuple(secrets)}},
        "filters": {"brief": {"()": "relove.cachelog.Brief"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "redacted"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # a terminal need not show each request
            "django_structlog": {"level": "INFO" if form == JSON else "ERROR"},
            # speaks of each task in the language of the pages; the workers say it themselves (begin)
            "django-q": {"level": "WARNING"},
            "telethon": {"level": "WARNING"},
            "pymorphy3": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "relove.cache": {"filters": ["brief"]},
            # the server brings handlers of its own, which know no redaction; requests are logged by us
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.access": {"handlers": [], "propagate": False},
        },
    }


def formatter(form: str, secrets: Iterable[str]) -> logging.Formatter:
    """Of every handler: what reaches it leaves redacted."""
    redact = Redacted(Redactor(secrets))
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.contextvars.merge_contextvars],
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
            redact,
            as_json if form == JSON else as_line,
        ],
        use_get_message=False,
        pass_foreign_args=True,
    )


def set_up_structlog() -> None:
    """Lines of libraries that speak structlog go the same way as all others."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class Redacted:
    """The processor: puts arguments into the line and the exception's way beneath it, each redacted."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        record: logging.LogRecord = event.pop("_record")
        event.pop("_from_structlog")
        template, arguments = str(event.pop("event")), event.pop("positional_args", ())
        head = {name: event.pop(name) for name in ("timestamp", "level", "logger")}
        error = _error(event.pop("exc_info", None))
        event.pop("stack_info", None)
        said = self._redactor.line(_put(template, self._arguments(arguments, record.name)), record.name)
        line: EventDict = {**head, "event": said, **self._redactor.named(event, record.name)}
        if error:
            line["exception"] = self._redactor.traceback(error)
        return line

    def _arguments(self, arguments: Any, logger: str) -> Any:
        if isinstance(arguments, dict):
            return self._redactor.named(arguments, logger)
        return tuple(self._redactor.value(one, logger) for one in arguments or ())


def _put(template: str, arguments: Any) -> str:
    """The line itself; one whose arguments do not fit it any more stays without them."""
    try:
        return template % arguments if arguments else template
    except (TypeError, ValueError, KeyError):
        return template


def _error(info: Any) -> BaseException | None:
    """Of what is handed over as exc_info: the exception, logging's triple, or a wish for the one at hand."""
    if isinstance(info, BaseException):
        return info
    triple = sys.exc_info() if info is True else info
    return triple[1] if triple else None


def as_json(logger: Any, method: str, line: EventDict) -> str:
    return json.dumps(line, ensure_ascii=False, default=str)


def as_line(logger: Any, method: str, line: EventDict) -> str:
    """As programs that read our logs expect it: time, level in capitals, logger, what is said, what is bound."""
    exception = line.pop("exception", "")
    head = [str(line.pop(name)) for name in HEAD]
    head[1] = head[1].upper()
    bound = [f"{name}={value}" for name, value in line.items()]
    return "\n".join(filter(None, [" ".join([*head, *bound]), exception]))


def bind(table: str, number: int | None, **more: Any) -> None:
    """From here on this asyncio task, or this worker's task, works on that row; empty values are left out."""
    bind_contextvars(task=f"{table}:{number}", **{name: value for name, value in more.items() if value})


def about(table: str, number: int | None, **more: Any) -> AbstractContextManager[Any]:
    """What is logged within is about this row."""
    return bound_contextvars(task=f"{table}:{number}", **more)


def request_id() -> str:
    """Of the request that is being answered, or that asked for the work at hand; empty outside of one."""
    return str(get_contextvars().get(REQUEST, ""))


def carry(task: dict[str, Any], **_more: Any) -> None:
    """A django-q2 task takes the request with it that asked for it (signal pre_enqueue)."""
    if found := request_id():
        task[REQUEST] = found


def begin(task: dict[str, Any], **_more: Any) -> None:
    """A worker forgets the task before and speaks for this one (signal pre_execute)."""
    clear_contextvars()
    request = {REQUEST: task[REQUEST]} if task.get(REQUEST) else {}
    bind_contextvars(task=str(task["func"]).rpartition(".")[2], **request)
