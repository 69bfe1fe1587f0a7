"""A trigger that refuses to change or delete rows of a log."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION relove_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- the one function that erases a person sets this for its transaction
    IF current_setting('relove.erasing', true) = 'on' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("relove", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION relove_append_only"),
        migrations.RunSQL(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON user_activity_log "
            "FOR EACH ROW EXECUTE FUNCTION relove_append_only()",
            "DROP TRIGGER append_only ON user_activity_log",
        ),
    ]
