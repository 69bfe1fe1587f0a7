"""Tables of diagnostics: reference, and what belongs to one person."""

from diagnostics.models.reference import (
    DiagnosticOption,
    DiagnosticQuestion,
    Psychotype,
    Stage,
    Stream,
    StreamRoute,
    Translated,
)
from diagnostics.models.sessions import DiagnosticResult, JourneyProgress, UserSession

__all__ = [
    "DiagnosticOption",
    "DiagnosticQuestion",
    "DiagnosticResult",
    "JourneyProgress",
    "Psychotype",
    "Stage",
    "Stream",
    "StreamRoute",
    "Translated",
    "UserSession",
]
