"""A table's statements announce themselves to the pages that follow it, whichever process writes."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION relove_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('relove_live', TG_TABLE_NAME);
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON contacts
FOR EACH STATEMENT EXECUTE FUNCTION relove_announce()
"""


class Migration(migrations.Migration):
    dependencies = [("accounts_mgmt", "0009_health_and_profile")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION relove_announce()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER announce ON contacts"),
    ]
