"""A table that only grows is looked through as often as it changes, not by its size: the queue lives at its end."""

from django.db import migrations

TABLE = "conversation_messages"
NAMES = ("vacuum", "analyze", "vacuum_insert")
SETTINGS = ", ".join(f"autovacuum_{name}_scale_factor = 0, autovacuum_{name}_threshold = 10000" for name in NAMES)
RESET = ", ".join(f"autovacuum_{name}_scale_factor, autovacuum_{name}_threshold" for name in NAMES)


class Migration(migrations.Migration):
    dependencies = [("sales", "0008_order_index")]

    operations = [
        migrations.RunSQL(f"ALTER TABLE {TABLE} SET ({SETTINGS})", f"ALTER TABLE {TABLE} RESET ({RESET})"),
    ]
