"""The security log is append-only."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts_mgmt", "0001_initial"), ("relove", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON account_security_logs "
            "FOR EACH ROW EXECUTE FUNCTION relove_append_only()",
            "DROP TRIGGER append_only ON account_security_logs",
        ),
    ]
