"""The twelve stages, the four psychotypes, the programmes and the questionnaire, as the project ships them."""

from pathlib import Path
from typing import Any

import yaml
from django.db import migrations

DATA = Path(__file__).resolve().parent.parent / "data"


def read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return rows


def columns(row: dict[str, Any]) -> dict[str, Any]:
    """{"name": {"ru", "en"}} → name and name_en; lists become lines."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found[name], found[f"{name}_en"] = lines(value["ru"]), lines(value["en"])
        else:
            found[name] = value
    return found


def lines(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)


def load(apps: Any, schema_editor: Any) -> None:
    def model(name: str) -> Any:
        return apps.get_model("diagnostics", name).objects

    for order, row in enumerate(read("psychotypes")):
        model("Psychotype").create(order=order, **columns(row))
    for order, row in enumerate(read("stages"), start=1):
        model("Stage").create(order=order, **columns(row))
    for order, row in enumerate(read("streams"), start=1):
        model("Stream").create(order=order, **columns(row))
    for order, row in enumerate(read("questions"), start=1):
        options = row.pop("options")
        question = model("DiagnosticQuestion").create(order=order, **columns(row))
        for place, option in enumerate(options, start=1):
            aims = {f"{aim}_id": option.pop(aim) for aim in ("psychotype", "stage") if aim in option}
            model("DiagnosticOption").create(question=question, order=place, **columns(option), **aims)
    routes(model)


# which programme a stage leads to; other stages lead to the basic one
ROUTES = {
    "REFUSAL": ("shadow", "Здесь много про страх и про то, что в нём есть силы.", "Much here is about fear, and the strength in it."),
    "APPROACH": ("past", "Вы близко к тому, что повторяется в вашей истории.", "You are near what repeats in your story."),
    "ORDEAL": ("heart", "Сейчас важнее всего поддержка и бережность.", "What matters most now is support and care."),
    "RETURN_WITH_ELIXIR": ("awakening", "Вам есть чем делиться, и это про смысл.", "You have something to share, and it is about meaning."),
}


def routes(model: Any) -> None:
    for stage, (stream, reason, reason_en) in ROUTES.items():
        model("StreamRoute").create(
            stage_id=stage, stream=model("Stream").get(code=stream), reason=reason, reason_en=reason_en
        )


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
