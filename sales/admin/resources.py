"""Which fields exports and imports of scripts have; taking over is sales.transfer's."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.widgets import Widget
from pydantic import ValidationError as ShapeError

from relove.exports import SafeResource
from sales import transfer
from sales.kinds import UnknownKind
from sales.models import SalesScript
from sales.problems import Refused


class AsItIs(Widget):
    """A value of JSON, in a JSON file."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return value


class ScriptResource(SafeResource):
    """Scripts with what they say now and their saved dialogues."""

    number = Field(column_name="number", attribute="number", readonly=True, widget=AsItIs())
    content = Field(column_name="content", attribute="content", readonly=True, widget=AsItIs())
    tests = Field(column_name="tests", readonly=True, widget=AsItIs())
    # of a dry run: what would become of the script
    notes = Field(column_name="notes", attribute="notes", readonly=True)

    class Meta:
        model = SalesScript
        name = _("scripts as they are now")
        import_id_fields = ["kind", "name"]
        fields = ["kind", "name", "description", "mode", "number", "content", "tests", "notes"]
        export_order = ["kind", "name", "description", "mode", "number", "content", "tests"]
        use_bulk = False

    def dehydrate_tests(self, script: SalesScript) -> Any:
        return transfer.tests_of(script) if script.pk else []

    def get_export_fields(self, selected_fields: Any = None) -> list[Any]:
        return [field for field in super().get_export_fields(selected_fields) if field.column_name != "notes"]

    def get_user_visible_fields(self) -> list[Any]:
        return self.get_export_fields()

    def get_import_fields(self) -> list[Any]:
        """What the dry run compares: what would change by meaning, not two documents."""
        return [self.fields[name] for name in ("kind", "name", "notes")]

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        instance.notes = ""

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Read the row; the script itself is changed by nobody but sales.transfer."""
        try:
            instance.record = transfer.Record.model_validate(dict(row))
        except ShapeError as error:
            places = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
            raise ValidationError(places) from error

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        if import_validation_errors or instance.pk is None:
            return False
        return transfer.is_same(instance, instance.record)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        source = kwargs.get("file_name") or _now("a file")
        try:
            taken = transfer.take(instance.record, source=source, who=kwargs["user"], now=timezone.now())
        except Refused as refused:
            raise ValidationError([str(problem) for problem in refused.problems]) from refused
        except UnknownKind as error:
            raise ValidationError(
                _now("There is no kind of scripts “%(name)s”.") % {"name": error.args[0]}
            ) from error
        instance.pk, instance.notes = taken.script.pk, " ".join(taken.notes)

    def save_m2m(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """There is nothing left to save."""


class EverythingResource(ScriptResource):
    """The same with every version: its number, author and time."""

    versions = Field(column_name="versions", readonly=True, widget=AsItIs())

    class Meta(ScriptResource.Meta):
        name = _("everything, with all versions")
        fields = [*ScriptResource.Meta.fields, "versions"]
        export_order = [*ScriptResource.Meta.export_order, "versions"]

    def dehydrate_versions(self, script: SalesScript) -> Any:
        return transfer.versions_of(script) if script.pk else []
