"""Pages keep room for the next states of their rows: an attempt then changes no index."""

from django.db import migrations

TABLE = "direct_messages"
# a partitioned table has no pages of its own
EACH_MONTH = """
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'generated_comments'::regclass LOOP
        EXECUTE format('ALTER TABLE %s {}', part);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("commentators", "0017_sent_today")]

    operations = [
        migrations.RunSQL(f"ALTER TABLE {TABLE} SET (fillfactor = 70)", f"ALTER TABLE {TABLE} RESET (fillfactor)"),
        migrations.RunSQL(EACH_MONTH.format("SET (fillfactor = 70)"), EACH_MONTH.format("RESET (fillfactor)")),
    ]
