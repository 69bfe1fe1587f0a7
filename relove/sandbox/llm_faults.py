"""Faults of the sandbox's model: which of them hits a request, and what it does to an answer. Pure."""

import random
from dataclasses import asdict, dataclass
from typing import Any

KINDS = {
    *("429", "500", "timeout", "trickle", "slow", "refusal", "wrong_language"),
    *("truncated", "malformed", "fenced", "wrong_schema", "empty", "huge", "nan"),
}
HUGE = 100_000


@dataclass(slots=True)
class Fault:
    """`kind` may carry seconds: slow:2 waits, 429:30 is its Retry-After. `times` None is for ever."""

    kind: str
    times: int | None = None
    share: float = 1.0
    purpose: str | None = None

    def __post_init__(self) -> None:
        name, _, seconds = self.kind.partition(":")
        if name not in KINDS:
            raise ValueError(f"there is no fault {name!r}; known are {', '.join(sorted(KINDS))}")
        if seconds:
            float(seconds)

    @property
    def name(self) -> str:
        return self.kind.partition(":")[0]

    def seconds(self, default: float) -> float:
        return float(self.kind.partition(":")[2] or default)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """The faults that are set; of several the oldest that fits strikes."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._dice = random.Random(0)

    def take(self, purpose: str) -> Fault | None:
        """The fault for one request about `purpose` (the schema's name in lower case), used up by it."""
        for fault in self.active:
            if fault.purpose not in (None, purpose) or self._dice.random() >= fault.share:
                continue
            if fault.times is not None:
                fault.times -= 1
                self.active = [each for each in self.active if each.times != 0]
            return fault
        return None


def spoiled(content: str, answer: Any, kind: str) -> tuple[str, str]:
    """The content and finish reason of an answer that suffers from `kind`."""
    match kind:
        case "truncated":
            return content[: len(content) // 2], "length"
        case "malformed":
            return content[:-1] + ', "text": }', "stop"
        case "fenced":
            return f"```json\n{content}\n```", "stop"
        case "wrong_schema":
            return '{"unexpected": true}', "stop"
        case "empty":
            return "", "stop"
        case "nan":
            return '{"' + next(iter(answer), "score") + '": NaN, "score": NaN}', "stop"
    return content, "stop"


def swollen(answer: Any) -> Any:
    """`answer` with every string blown up: valid JSON of the right shape, and far too long."""
    if isinstance(answer, str):
        return (answer + " ") * (HUGE // (len(answer) + 1) + 1)
    if isinstance(answer, dict):
        return {name: swollen(value) for name, value in answer.items()}
    return answer
