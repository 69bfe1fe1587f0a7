"""YAML and JSON as trees that know where each piece stands, and back to text.

Both carry the same values, those of JSON: nothing in YAML is read as a date, a number in base 60 or «да» for
true, so a document means the same in either form. Refused with a place: anchors and aliases, tags, repeated
fields, fields that are no text, nesting deeper than MAX_DEPTH, and numbers nobody writes by hand.
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # as public as JSONDecoder, which takes no places
from typing import Any

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from sales.parts import UNREADABLE
from sales.problems import Problem, Refused

MAX_DEPTH = 30
MAX_NODES = 100_000
# What YAML 1.1 would resolve too, so that everything else is written without quotes by its own dumper.
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
BROKEN = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?")
JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
LONGEST_NUMBER = 18
# a long line is one line: wrapped by the editor, and a change of one word moves no others
UNWRAPPED = 10**9
SPACE = re.compile(r"[ \t\n\r]*")
# the parser's own words for the mistakes people make
YAML_SAYS = {
    "mapping values are not allowed in this context": noop("a text with a colon needs quotation marks"),
    "did not find expected key": noop("the name of a field was expected: look at the indentation"),
    "did not find expected '-' indicator": noop("“-” was expected: look at the indentation"),
    "could not find expected ':'": noop("“:” was expected after the name of a field"),
    "did not find expected ',' or ']'": noop("the list in brackets is not closed"),
    "did not find expected ',' or '}'": noop("the object in braces is not closed"),
    "did not find expected node content": noop("a value was expected"),
    "found unexpected end of stream": noop("the quotation marks are not closed"),
    "found character that cannot start any token": noop("a value cannot begin with this character"),
    "found a tab character that violates indentation": noop("indentation is made of spaces, not of tabs"),
    "block sequence entries are not allowed in this context": noop("a list cannot begin here"),
    "did not find the expected comment or line break": noop("nothing may follow here in the same line"),
}


@dataclass(slots=True)
class Node:
    """A value with its place, counted from 1; `inside` are the nodes of a list or an object by index or name."""

    value: Any
    line: int
    column: int
    inside: dict[str | int, "Node"] = field(default_factory=dict)


def from_yaml(text: str) -> Node:
    """The tree of a YAML text; raises Refused."""
    _check_characters(text)
    try:
        return _YamlReader(yaml.parse(text, Loader=yaml.CSafeLoader)).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = YAML_SAYS.get(error.problem or "", noop("something else was expected here"))
        said = _("This is no YAML: %(reason)s.") % {"reason": _(reason)}
        raise _refusal(said, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from error


def first_comment(text: str) -> tuple[int, int] | None:
    """Line and column of the first comment in a YAML text that can be read; what is stored as JSON has none."""
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    values: list[Any] = [event for event in events if isinstance(event, yaml.ScalarEvent)]
    at = 0
    for value in values:
        start = value.start_mark.index
        # the head of a block may have a comment of its own, the block itself is text
        head = text.find("\n", start) if value.style in ("|", ">") else start
        if (found := text.find("#", at, head)) >= 0:
            return _place(text, found)
        at = value.end_mark.index
    return _place(text, found) if (found := text.find("#", at)) >= 0 else None


def from_json(text: str) -> Node:
    """The tree of a JSON text; raises Refused."""
    _check_characters(text)
    return _JsonReader(text).read()


def to_yaml(data: Any) -> str:
    """`data` as YAML with one wording a line and blocks for texts of several lines."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=UNWRAPPED)


def to_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, no anchors for values that happen to be one object."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


class _Tree:
    """Counts what both readers limit."""

    def __init__(self) -> None:
        self.count = 0

    def check(self, depth: int, line: int, column: int) -> None:
        self.count += 1
        if depth > MAX_DEPTH:
            raise _refusal(_("Nested deeper than %(count)s levels.") % {"count": MAX_DEPTH}, line, column)
        if self.count > MAX_NODES:
            raise _refusal(_("More than %(count)s values.") % {"count": MAX_NODES}, line, column)


class _YamlReader(_Tree):
    """Builds the tree from events, without recursion: nesting and aliases are refused before they can grow."""

    def __init__(self, events: Iterator[Any]) -> None:
        super().__init__()
        self.events = events
        self.stack: list[tuple[Node, list[Node]]] = []
        self.root: Node | None = None

    def read(self) -> Node:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
                raise _refusal(_("A second document begins here."), *_mark(event))
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _refusal(_("Anchors and aliases are not allowed."), *_mark(event))
            if getattr(event, "tag", None) is not None:
                raise _refusal(_("Tags are not allowed."), *_mark(event))
            self.take(event)
        return self.root or Node(None, 1, 1)

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.check(len(self.stack), *_mark(event))
            value = event.value if event.style else _plain(event.value, *_mark(event))
            self.add(Node(value, *_mark(event)))
        elif isinstance(event, yaml.CollectionStartEvent):
            self.check(len(self.stack) + 1, *_mark(event))
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self.stack.append((Node([] if is_list else {}, *_mark(event)), []))
        elif isinstance(event, yaml.CollectionEndEvent):
            node, children = self.stack.pop()
            _fill(node, children)
            self.add(node)

    def add(self, node: Node) -> None:
        if self.stack:
            self.stack[-1][1].append(node)
        else:
            self.root = node


class _JsonReader(_Tree):
    """A small reader of JSON that keeps places; the standard one tells them of mistakes only."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.at = 0
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def read(self) -> Node:
        self.skip()
        node = self.value(1)
        self.skip()
        if self.at < len(self.text):
            raise self.failure(_("Something stands after the end of the document."))
        return node

    def value(self, depth: int) -> Node:
        line, column = self.place()
        self.check(depth - 1, line, column)
        letter = self.text[self.at : self.at + 1]
        if letter in ("{", "["):
            node = Node({} if letter == "{" else [], line, column)
            _fill(node, self.children("}" if letter == "{" else "]", depth))
            return node
        if letter == '"':
            return Node(self.string(), line, column)
        if match := JSON_NUMBER.match(self.text, self.at):
            self.at = match.end()
            return Node(_number(match[0], line, column), line, column)
        for word in ("true", "false", "null"):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return Node(WORDS[word], line, column)
        raise self.failure(_("A value was expected here."))

    def children(self, end: str, depth: int) -> list[Node]:
        """The members of a list, or names and values of an object by turns."""
        found: list[Node] = []
        self.at += 1
        self.skip()
        while not self.text.startswith(end, self.at):
            if found:
                self.expect(",")
            if end == "}":
                line, column = self.place()
                found.append(Node(self.string(), line, column))
                self.skip()
                self.expect(":")
            found.append(self.value(depth + 1))
            self.skip()
        self.at += 1
        return found

    def expect(self, sign: str) -> None:
        if not self.text.startswith(sign, self.at):
            raise self.failure(_("“%(sign)s” was expected here.") % {"sign": sign})
        self.at += 1
        self.skip()

    def string(self) -> str:
        if not self.text.startswith('"', self.at):
            raise self.failure(_("“%(sign)s” was expected here.") % {"sign": '"'})
        try:
            value, self.at = scanstring(self.text, self.at + 1, True)
        except json.JSONDecodeError as error:
            self.at = error.pos
            said = _("This text is not finished, or holds a character JSON does not allow.")
            raise self.failure(said) from error
        return str(value)

    def skip(self) -> None:
        match = SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def place(self) -> tuple[int, int]:
        line = bisect_right(self.lines, self.at)
        return line, self.at - self.lines[line - 1] + 1

    def failure(self, message: str) -> Refused:
        return _refusal(message, *self.place())


def _fill(node: Node, children: list[Node]) -> None:
    """Give a list or an object its members."""
    if isinstance(node.value, list):
        node.value.extend(child.value for child in children)
        node.inside = dict(enumerate(children))
        return
    for name, child in zip(children[::2], children[1::2], strict=True):
        if not isinstance(name.value, str):
            raise _refusal(_("The name of a field must be a text."), name.line, name.column)
        if name.value in node.inside:
            raise _refusal(_("The field “%(name)s” is here twice.") % {"name": name.value}, name.line, name.column)
        node.value[name.value] = child.value
        node.inside[name.value] = child


def _plain(written: str, line: int, column: int) -> Any:
    """What a YAML scalar without quotes is."""
    if written in WORDS:
        return WORDS[written]
    if WHOLE.fullmatch(written) or BROKEN.fullmatch(written):
        return _number(written, line, column)
    return written


def _number(written: str, line: int, column: int) -> int | float:
    is_whole = WHOLE.fullmatch(written)
    value = float(written) if len(written) <= (LONGEST_NUMBER if is_whole else 40) else math.inf
    if math.isinf(value):
        raise _refusal(_("This number is too long."), line, column)
    return int(written) if is_whole else value


def _mark(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _check_characters(text: str) -> None:
    if match := UNREADABLE.search(text):
        said = _("This character is not allowed: U+%(code)s.") % {"code": f"{ord(match[0]):04X}"}
        raise _refusal(said, *_place(text, match.start()))


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _refusal(message: str, line: int, column: int) -> Refused:
    return Refused([Problem(message, line=line, column=column)])


READERS: dict[str, Callable[[str], Node]] = {"yaml": from_yaml, "json": from_json}
WRITERS: dict[str, Callable[[Any], str]] = {"yaml": to_yaml, "json": to_json}
