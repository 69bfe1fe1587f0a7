"""Who is never written to again, and the one function that may take words out of the append-only logs."""

from django.db import migrations, models

ERASE = """
CREATE FUNCTION relove_erase_person(person bigint, tables text[], ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- the triggers honour this until the transaction ends; nothing else sets it
    PERFORM set_config('relove.erasing', 'on', true);
    UPDATE user_activity_log l SET details = '{}'
    WHERE l.user_id = person
       OR (l.subject_table, l.subject_id) IN (SELECT * FROM unnest(tables, ids));
    UPDATE operation_logs o SET error_message = ''
    WHERE o.error_message <> '' AND (o.user_id = person
       OR (o.subject_table, o.subject_id) IN (SELECT * FROM unnest(tables, ids)));
    UPDATE session_logs s SET metadata = '{}' WHERE s.user_id = person;
    PERFORM set_config('relove.erasing', '', true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("relove", "0004_activity_subject")]

    operations = [
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
            ],
            options={
                "verbose_name": "erased person",
                "verbose_name_plural": "erased people",
                "db_table": "suppression",
            },
        ),
        migrations.AlterModelOptions(
            name="telegramuser",
            options={
                "permissions": [
                    ("export_telegramuser", "Can export everything about a person"),
                    ("erase_telegramuser", "Can erase a person"),
                ],
                "verbose_name": "Telegram user",
                "verbose_name_plural": "Telegram users",
            },
        ),
        migrations.RunSQL(ERASE, "DROP FUNCTION relove_erase_person"),
    ]
