"""JSON in and out: people by their Telegram id, stages and psychotypes by their old codes.

A file of the customer's former system comes in by these: an unknown person, stage or psychotype is a
conflict of its row, told in the dry run.
"""

from typing import Any

from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from diagnostics.models import DiagnosticResult, JourneyProgress, Psychotype, Stage, Stream, UserSession
from relove.exports import LinesWidget, SafeResource, TreeWidget
from relove.models import TelegramUser


class OldCodeWidget(ForeignKeyWidget):
    """By code, in whatever case the former system wrote it."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return super().clean(str(value).upper(), row, **kwargs) if value else None


def lines_field(name: str) -> Field:
    return Field(column_name=name, attribute=name, widget=LinesWidget())


def tree_field(name: str) -> Field:
    return Field(column_name=name, attribute=name, widget=TreeWidget())


class PersonResource(SafeResource):
    """A row about a person who is known by Telegram id."""

    user = Field(column_name="telegram_id", attribute="user", widget=ForeignKeyWidget(TelegramUser, "telegram_id"))

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """When the former system last changed it: saving would say that it was now."""
        super().after_save_instance(instance, row, **kwargs)
        if row.get("updated_at"):
            changed = self.fields["updated_at"].clean(row)
            type(instance).objects.filter(pk=instance.pk).update(updated_at=changed)


class ResultResource(PersonResource):
    psychotype = Field(column_name="psychotype", attribute="psychotype", widget=OldCodeWidget(Psychotype))
    journey_stage = Field(column_name="journey_stage", attribute="journey_stage", widget=OldCodeWidget(Stage))
    recommended_stream = Field(
        column_name="recommended_stream", attribute="recommended_stream", widget=ForeignKeyWidget(Stream, "name")
    )
    answers = tree_field("answers")
    scores = tree_field("scores")
    strengths = lines_field("strengths")
    challenges = lines_field("challenges")
    emotional_triggers = lines_field("emotional_triggers")
    logical_patterns = lines_field("logical_patterns")
    next_steps = lines_field("next_steps")
    resistance_points = lines_field("resistance_points")

    class Meta:
        model = DiagnosticResult
        import_id_fields = ["user", "created_at"]
        fields = [
            "user",
            "psychotype",
            "journey_stage",
            "answers",
            "scores",
            "description",
            "strengths",
            "challenges",
            "emotional_triggers",
            "logical_patterns",
            "current_state",
            "next_steps",
            "emotional_state",
            "resistance_points",
            "recommended_stream",
            "stream_description",
            "created_at",
            "updated_at",
        ]


class SessionResource(PersonResource):
    conversation_history = tree_field("conversation_history")
    session_data = tree_field("session_data")
    identified_patterns = lines_field("identified_patterns")

    class Meta:
        model = UserSession
        import_id_fields = ["user", "created_at"]
        fields = [
            "user",
            "session_type",
            "state",
            "conversation_history",
            "identified_patterns",
            "core_issue",
            "question_count",
            "session_data",
            "is_active",
            "created_at",
            "updated_at",
            "completed_at",
        ]


class ProgressResource(PersonResource):
    current_stage = Field(column_name="current_stage", attribute="current_stage", widget=OldCodeWidget(Stage))
    completed_stages = lines_field("completed_stages")
    emotional_responses = tree_field("emotional_responses")
    transitions = tree_field("transitions")

    class Meta:
        model = JourneyProgress
        import_id_fields = ["user"]
        fields = [
            "user",
            "current_stage",
            "completed_stages",
            "stage_start_time",
            "total_interactions",
            "emotional_responses",
            "transitions",
            "created_at",
            "updated_at",
        ]
