"""The document of a sales script: {steps, triggers, responses, hints}, described in docs/scripts.md.

Pure: nothing here knows a database. Field descriptions are the help of the editor and of the published
JSON Schema; they are written in English and translated where they are shown (sales.kinds.json_schema).
Prices, links, dates and names of programmes stand in the lines: what a reply may claim is read from there.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from sales.parts import Key, Part, Text, Title
from sales.patterns import check_pattern

DEFAULT_THRESHOLD = 0.7
LAST = ("when", "priority", "to", "action")
# what a line may name besides what the script itself has asked for
KNOWN_VALUES = frozenset({"name", "owner"})
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"\w")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(check_pattern)]


class Target(Part):
    """Where something leads: to a step or to an action, to exactly one of them."""

    to: Key | None = Field(None, description=_("key of the step the dialogue goes to"))
    action: Key | None = Field(None, description=_("what is done instead of going to a step, such as hand_over"))

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.to is None) == (self.action is None):
            raise PydanticCustomError("one_target", gettext("exactly one of “to” and “action” is needed"))
        return self

    @model_serializer(mode="wrap")
    def _target_last(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Written as it is read: what it is first, then when, then where it leads."""
        data: dict[str, Any] = fields(self)
        return dict(sorted(data.items(), key=lambda item: LAST.index(item[0]) if item[0] in LAST else -1))


class Line(Part):
    """A piece of a reply, in one or more wordings of the same meaning."""

    variants: list[Text] = Field(
        min_length=1,
        max_length=20,
        description=_(
            "wordings of one meaning; {name} and remembered answers are filled in, {pain|it} has a substitute"
        ),
    )


class Ask(Part):
    """What the step wants to learn: the answer is kept under a key, and lines may use it as {key}."""

    remember: Key = Field(description=_("under which key the answer is kept"))
    question: Text = Field(description=_("what is asked while the answer is not known"))


class Transition(Target):
    """Where a message with this intent leads from the step."""

    intent: Key = Field(description=_("what the client's message means, such as agreement"))
    about: Title = Field("", description=_("what such a message says, explained to the model"))


class Step(Part):
    key: Key = Field(description=_("stable key of the step"))
    title: Title = Field("", description=_("what people call the step"))
    stage: Title = Field("", description=_("stage of the sale this step belongs to, for reports"))
    lines: list[Line] = Field(
        min_length=1, max_length=10, description=_("what is said, one after another in one message")
    )
    ask: list[Ask] = Field(
        default_factory=list, max_length=10, description=_("what to ask for and remember, in this order")
    )
    action: Key | None = Field(None, description=_("what is done when the step has been said"))
    transitions: list[Transition] = Field(
        default_factory=list, max_length=30, description=_("where the client's intents lead")
    )
    max_turns: int | None = Field(
        None, ge=1, le=50, description=_("how many of the client's messages the step answers at most")
    )
    after_limit: Target = Field(
        default=Target(to=None, action="hand_over"), description=_("where the dialogue goes after that")
    )


class When(Part):
    """Conditions of a trigger; all that are given must hold."""

    steps: list[Key] = Field(default_factory=list, description=_("only in one of these steps"))
    stages: list[Title] = Field(default_factory=list, description=_("only in one of these stages"))
    knows: list[Key] = Field(default_factory=list, description=_("only when all of these answers are known"))
    lacks: list[Key] = Field(default_factory=list, description=_("only while none of these answers is known"))
    max_times: int | None = Field(None, ge=1, le=100, description=_("at most so many times in one dialogue"))


class TriggerBase(Target):
    key: Key = Field(description=_("stable key of the trigger; its hits are counted under it"))
    title: Title = Field("", description=_("what people call the trigger"))
    when: When = Field(default=When(), description=_("conditions that must hold besides"))
    priority: int = Field(50, ge=0, le=100, description=_("of several triggers that fit the highest one is taken"))


class WordsTrigger(TriggerBase):
    """Whole words in any of their Russian forms; of a phrase all words, in their order."""

    kind: Literal["words"]
    words: list[Phrase] = Field(min_length=1, max_length=100, description=_("words or phrases, any one of them"))


class RegexTrigger(TriggerBase):
    kind: Literal["regex"]
    pattern: Pattern = Field(description=_("regular expression, large and small letters are the same"))


class IntentTrigger(TriggerBase):
    kind: Literal["intent"]
    intents: list[Key] = Field(min_length=1, max_length=30, description=_("intents, any one of them"))
    about: Title = Field("", description=_("what such a message says, explained to the model"))


class FirstMessageTrigger(TriggerBase):
    kind: Literal["first_message"]


class SilenceTrigger(TriggerBase):
    kind: Literal["silence"]
    hours: int = Field(ge=1, le=720, description=_("hours without an answer from the client"))


class StageTrigger(TriggerBase):
    kind: Literal["stage"]
    stage: Annotated[Title, StringConstraints(min_length=1)] = Field(
        description=_("the stage the dialogue has reached")
    )


Trigger = Annotated[
    WordsTrigger | RegexTrigger | IntentTrigger | FirstMessageTrigger | SilenceTrigger | StageTrigger,
    Field(discriminator="kind"),
]


class Response(Part):
    """The answer to a frequent question; the dialogue stays in its step. Staff find it among their own answers."""

    key: Key = Field(description=_("stable key of the answer"))
    question: Text = Field(description=_("the question as people ask it"))
    words: list[Phrase] = Field(
        default_factory=list, max_length=100, description=_("words or phrases that show it, any one of them")
    )
    lines: list[Line] = Field(min_length=1, max_length=10, description=_("what is answered"))


class Settings(Part):
    threshold: float = Field(
        DEFAULT_THRESHOLD,
        ge=0,
        le=1,
        description=_("above this fit the script's line is used, below a free reply with the hints"),
    )
    programmes: list[Annotated[Title, StringConstraints(min_length=1)]] = Field(
        default_factory=list, max_length=100, description=_("names of programmes that replies may mention")
    )


class Script(Part):
    """A whole sales script. The first step opens a dialogue that no trigger opens elsewhere."""

    steps: list[Step] = Field(min_length=1, max_length=200, description=_("what is said and what comes next"))
    triggers: list[Trigger] = Field(
        default_factory=list, max_length=200, description=_("what leads to a step or an action from anywhere")
    )
    responses: list[Response] = Field(
        default_factory=list, max_length=200, description=_("answers to frequent questions")
    )
    hints: list[Text] = Field(default_factory=list, max_length=50, description=_("what free replies keep in mind"))
    settings: Settings = Field(default=Settings(), description=_("numbers of this script"))

    @property
    def start(self) -> Step:
        return self.steps[0]

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def trigger(self, key: str) -> Trigger | None:
        return next((trigger for trigger in self.triggers if trigger.key == key), None)

    def response(self, key: str) -> Response | None:
        return next((response for response in self.responses if response.key == key), None)

    def remembered(self) -> set[str]:
        """Every key a step keeps an answer under."""
        return {ask.remember for step in self.steps for ask in step.ask}

    def said(self) -> Iterator[str]:
        """Every text a client may be sent as it stands: the facts in them are the script's own."""
        lines = [line for step in self.steps for line in step.lines]
        for line in lines + [line for response in self.responses for line in response.lines]:
            yield from line.variants
        for step in self.steps:
            yield from (ask.question for ask in step.ask)
