"""The document of a study group's scenario: {group, roles, scenes, answers, summary}; see docs/scripts.md.

Pure. Partners are always AI practice partners and are introduced as such; what a scene's line may hold is
checked in education.checks. Fixed texts leave as they stand, an `intent` is worded by the model in the
partner's persona.
"""

from collections.abc import Iterator
from typing import Annotated, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from sales.document import Phrase
from sales.parts import Key, Part, Text, Title

HOST, CLIENT = "host", "client"
MONTH = 30 * 24 * 60
KNOWN_VALUES = frozenset({"name", "owner"})
Minutes = Annotated[int, Field(ge=0, le=MONTH)]
GroupTitle = Annotated[Title, StringConstraints(min_length=1, max_length=100)]
About = Annotated[Title, StringConstraints(max_length=255)]


class GroupWords(Part):
    """What the group is called and says of itself."""

    title: GroupTitle = Field(description=_("title of the group; {name} is the client's name"))
    about: About = Field("", description=_("description of the group in Telegram"))


class Role(Part):
    """A practice partner's part in the scenes."""

    key: Key = Field(description=_("stable key of the role; “host” and “client” are there already"))
    title: Title = Field("", description=_("what people call the role"))
    persona: Text = Field(description=_("how the partner speaks and what it is curious about"))


class Line(Part):
    """Something that is said: a fixed text, or what the model words in the role's persona."""

    key: Key = Field(description=_("stable key of the line"))
    role: Key = Field(description=_("who says it: host, or the key of a role"))
    text: Text | None = Field(None, description=_("what is said, as it stands"))
    intent: Text | None = Field(None, description=_("what the line is to achieve; the model words it"))
    after: Minutes = Field(0, description=_("minutes after what was said before"))

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.intent is None):
            raise PydanticCustomError("one_text", gettext("exactly one of “text” and “intent” is needed"))
        return self


class Question(Part):
    """What the host asks the client; the scenario waits for the answer and keeps it."""

    remember: Key = Field(description=_("under which key the answer is kept"))
    text: Text = Field(description=_("what is asked"))
    hours: int = Field(24, ge=1, le=720, description=_("for how many hours the answer is waited for"))


class Way(Part):
    """Where the scenario goes when the answer holds one of the words."""

    words: list[Phrase] = Field(min_length=1, max_length=50, description=_("words or phrases, any one of them"))
    to: Key = Field(description=_("key of the scene that follows"))


class Scene(Part):
    key: Key = Field(description=_("stable key of the scene"))
    title: Title = Field("", description=_("what people call the scene"))
    after: Minutes = Field(0, description=_("minutes after the scene before has ended"))
    lines: list[Line] = Field(min_length=1, max_length=30, description=_("what is said, one after another"))
    task: Text | None = Field(None, description=_("what the client is asked to do; the host says it"))
    question: Question | None = Field(None, description=_("what the client is asked at the end of the scene"))
    ways: list[Way] = Field(
        default_factory=list, max_length=10, description=_("where the client's answer leads, the first that fits")
    )
    then: Key | None = Field(None, description=_("the scene that follows otherwise; the next one in the list"))
    is_last: bool = Field(False, description=_("the scenario ends after this scene"))


class Answer(Part):
    """The host's answer to a frequent question; it says what the scenario's author wrote."""

    key: Key = Field(description=_("stable key of the answer"))
    words: list[Phrase] = Field(min_length=1, max_length=100, description=_("words that show the question"))
    text: Text = Field(description=_("what the host answers"))


class Settings(Part):
    from_hour: int = Field(
        8, ge=0, le=23, description=_("scenes are played from this hour on, by the client's clock")
    )
    to_hour: int = Field(22, ge=1, le=24, description=_("and until this one"))
    programmes: list[Annotated[Title, StringConstraints(min_length=1)]] = Field(
        default_factory=list, max_length=100, description=_("names of programmes that replies may mention")
    )


class Scenario(Part):
    """A whole scenario. The first scene opens it."""

    group: GroupWords = Field(description=_("title and description of the group"))
    roles: list[Role] = Field(min_length=1, max_length=5, description=_("the practice partners' roles"))
    scenes: list[Scene] = Field(min_length=1, max_length=100, description=_("what happens, in order"))
    answers: list[Answer] = Field(
        default_factory=list, max_length=200, description=_("the host's answers to frequent questions")
    )
    summary: Text = Field(description=_("what the host says at the end; answers are filled in"))
    settings: Settings = Field(default=Settings(), description=_("hours of the day, names of programmes"))

    @model_validator(mode="after")
    def _hours_in_order(self) -> Self:
        if self.settings.from_hour >= self.settings.to_hour:
            raise PydanticCustomError("hours", gettext("“from_hour” has to be before “to_hour”"))
        return self

    def scene(self, key: str) -> Scene | None:
        return next((scene for scene in self.scenes if scene.key == key), None)

    def role(self, key: str) -> Role | None:
        return next((role for role in self.roles if role.key == key), None)

    def following(self, scene: Scene) -> Scene | None:
        """The scene after this one where no way of it is taken; None at the end."""
        if scene.is_last:
            return None
        if scene.then is not None:
            return self.scene(scene.then)
        place = self.scenes.index(scene) + 1
        return self.scenes[place] if place < len(self.scenes) else None

    def remembered(self) -> set[str]:
        """Every key an answer is kept under."""
        return {scene.question.remember for scene in self.scenes if scene.question}

    def said(self) -> Iterator[str]:
        """Every text the group may be told as it stands: the facts in them are the scenario's own."""
        for scene in self.scenes:
            yield from (line.text or line.intent or "" for line in scene.lines)
            yield from filter(None, (scene.task, scene.question and scene.question.text))
        yield from (answer.text for answer in self.answers)
        yield self.summary
