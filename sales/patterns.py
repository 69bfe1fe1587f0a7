"""Which regular expressions a script may hold: those that no message can make run for long.

The worst a backtracking search can do is estimated from the parsed expression: choices multiply, and every
unbounded repetition multiplies by the length of the text, of which MATCHED_LENGTH characters are looked at.
"""

import math
import re
from re import _constants as codes  # type: ignore[attr-defined]  # the public sre_* modules are deprecated
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from django.utils.translation import gettext as _
from pydantic_core import PydanticCustomError

MATCHED_LENGTH = 500
# about half a second; an expression of everyday needs stays a hundred times below
MOST_STEPS = 50_000_000
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
REFERENCES = (codes.GROUPREF, codes.GROUPREF_EXISTS)
# a repetition allowed so often is as good as unbounded
LONG = 20


def check_pattern(pattern: str) -> str:
    """The pattern itself; raises PydanticCustomError where it cannot be read or may run too long."""
    try:
        parsed = _parser.parse(pattern, re.IGNORECASE)
        re.compile(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise PydanticCustomError(
            "bad_pattern", _("this regular expression cannot be read: {reason}"), {"reason": str(error)}
        ) from error
    choices, unbounded = _freedom(parsed)
    loops = unbounded + 1  # the search itself begins anew at every place
    if choices * MATCHED_LENGTH**loops / math.factorial(loops) > MOST_STEPS:
        raise PydanticCustomError(
            "slow_pattern",
            _("this regular expression may run too long: fewer * and +, and none inside another repetition"),
        )
    return pattern


def _freedom(parsed: Any) -> tuple[float, int]:
    """(choices, unbounded repetitions) of an expression: in how many ways it may fit one place of a text."""
    choices, unbounded = 1.0, 0
    for code, argument in parsed:
        each_choices, each_unbounded = _freedom_of(code, argument)
        choices *= each_choices
        unbounded += each_unbounded
    return choices, unbounded


def _freedom_of(code: Any, argument: Any) -> tuple[float, int]:
    """The same of one operation; endless where what it repeats is free itself, and for references back."""
    inner = [_freedom(part) for part in _inside(argument)]
    choices = math.prod(each[0] for each in inner) * max(len(inner), 1)
    unbounded = sum(each[1] for each in inner)
    if code in REFERENCES:
        return math.inf, 0
    if code in REPEATS:
        least, most = argument[0], argument[1]
        if most > 1 and (choices > 1 or unbounded):
            return math.inf, 0
        is_long = most > LONG
        return choices * (1 if is_long else most - least + 1), unbounded + int(is_long)
    return choices, unbounded


def _inside(argument: Any) -> list[Any]:
    """The expressions among an operation's arguments, wherever the parser has put them."""
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [found for item in argument for found in _inside(item)]
    return []
