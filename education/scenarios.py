"""Which scenario a group follows, and what it may name."""

from education.document import Scenario
from education.models import EducationGroup
from relove.language import detect_language
from sales import live


def of(group: EducationGroup) -> Scenario:
    """The document of the group's version: a group stays on the one it began with."""
    document: Scenario = live.document_of(group.version)
    return document


def values_of(group: EducationGroup) -> dict[str, str]:
    """What fills the marks of its texts: the client's name, the owner, and what was answered."""
    known = {"name": group.user.first_name, "owner": group.account.owner, **group.knows}
    return {key: value for key, value in known.items() if value}


def language_of(text: str) -> str:
    return detect_language(text) or "ru"
