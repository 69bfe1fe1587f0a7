"""Four programmes were shipped with descriptions cut at their first comma: whoever kept them gets the whole."""

from typing import Any

from django.db import migrations

CUT = {
    "hero": ("Основная программа о том", ", как замечать свой путь и делать следующий шаг."),
    "heart": ("О близости", ", доверии и умении говорить о чувствах."),
    "shadow": ("О том", ", что в себе трудно принять и что даёт силы."),
    "awakening": ("О смысле и о том", ", чем делиться с другими."),
}


def mend(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("diagnostics", "Stream").objects
    for code, (start, rest) in CUT.items():
        rows.filter(code=code, description=start).update(description=start + rest)


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0003_wording_due")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
