"""A script and its versions: the history that django-simple-history keeps is the table script_versions."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from sales import kinds, reading
from sales.querysets import ScriptQuerySet


class Running(models.TextChoices):
    """What happens to dialogues that go by an older version when a new one is published."""

    STAY = "stay", _("stay on their version")
    NEXT_STEP = "next_step", _("move at the next step")
    NOW = "now", _("move now")


class VersionState(models.TextChoices):
    DRAFT = "draft", _("not published")
    LIVE = "live", _("live")
    RETIRED = "retired", _("was live")


class VersionFields(models.Model):
    """What a version holds besides the script's own columns at its time."""

    state = models.CharField(_("state"), max_length=16, choices=VersionState.choices, default=VersionState.DRAFT)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("published by"),
        related_name="+",
    )
    running = models.CharField(
        _("running dialogues"), max_length=16, choices=Running.choices, default=Running.STAY
    )

    if TYPE_CHECKING:
        id: int
        history_id: int
        history_date: datetime
        history_user: Any
        history_change_reason: str
        kind: str
        name: str
        description: str
        content: dict[str, Any]
        number: int

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} · {self.number}"

    @property
    def script_id(self) -> int:
        """The script's id: in a history, `id` is the id of the row it is about."""
        return self.id

    @property
    def is_live(self) -> bool:
        return self.state == VersionState.LIVE

    def document(self) -> Any:
        """The content as the kind's model. Raises Refused where it is right no longer."""
        return reading.validated(kinds.get(self.kind), self.content).document


class Versions(HistoricalRecords):  # type: ignore[misc]
    """The history with its rule in the database: a number is one version of a script."""

    def get_meta_options(self, model: Any) -> dict[str, Any]:
        number = models.UniqueConstraint(fields=["id", "number"], name="script_version_number")
        state = models.Index(fields=["state"], name="script_version_state")
        options: dict[str, Any] = super().get_meta_options(model)
        return {**options, "constraints": [number], "indexes": [state]}


class SalesScript(models.Model):
    """A script of a registered kind: its working draft, and which version is live."""

    class Mode(models.TextChoices):
        DRAFT = "draft", _("draft for a person")
        AUTOMATIC = "automatic", _("automatic")

    kind = models.CharField(_("kind"), max_length=32)
    name = models.CharField(_("name"), max_length=128)
    description = models.TextField(_("description"), blank=True)
    content = models.JSONField(_("document"), default=dict)
    # the seed's column; the number of the newest version, whose content the draft is
    number = models.PositiveIntegerField(_("version"), default=0, db_column="version")
    mode = models.CharField(
        _("mode"),
        max_length=16,
        choices=Mode.choices,
        default=Mode.DRAFT,
        help_text=_("Automatic answers leave without a person's approval."),
    )
    is_active = models.BooleanField(_("in use"), default=False)
    live = models.ForeignKey(
        "sales.ScriptVersion",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("live version"),
        related_name="+",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("created by"),
        related_name="+",
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    if TYPE_CHECKING:
        # what django-simple-history takes from an instance for the row it writes
        _change_reason: str
        _history_user: Any
        _history_date: datetime

    history = Versions(
        custom_model_name="ScriptVersion",
        table_name="script_versions",
        bases=[VersionFields],
        verbose_name=_("script version"),
        verbose_name_plural=_("script versions"),
        # the seed's change_description: no version without a reason
        history_change_reason_field=models.TextField(_("what changed"), db_column="change_description"),
        excluded_fields=["mode", "is_active", "live", "created_by", "created_at", "updated_at"],
        no_db_index=["kind"],
    )
    objects = ScriptQuerySet.as_manager()

    class Meta:
        db_table = "sales_scripts"
        verbose_name = _("script")
        verbose_name_plural = _("scripts")
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="script_kind_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_automatic(self) -> bool:
        return self.mode == self.Mode.AUTOMATIC

    def version(self, number: int) -> "ScriptVersion":
        """The version of that number; raises ScriptVersion.DoesNotExist."""
        return self.history.get(number=number)  # type: ignore[no-any-return]

    def latest(self) -> "ScriptVersion":
        """The newest version, whose content is the working draft."""
        return self.version(self.number)


if TYPE_CHECKING:

    class ScriptVersion(VersionFields):
        """Made by django-simple-history from SalesScript and VersionFields."""

        objects: ClassVar[models.Manager[Any]]

else:
    ScriptVersion = SalesScript.history.model
