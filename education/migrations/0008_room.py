"""Pages keep room for the next states of their rows: an attempt then changes no index."""

from django.db import migrations

TABLE = "group_messages"


class Migration(migrations.Migration):
    dependencies = [("education", "0007_sent_today")]

    operations = [
        migrations.RunSQL(f"ALTER TABLE {TABLE} SET (fillfactor = 70)", f"ALTER TABLE {TABLE} RESET (fillfactor)"),
    ]
