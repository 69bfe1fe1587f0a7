"""Private messages announce themselves to the messenger's pages, whichever process writes."""

from django.db import migrations

TRIGGER = """
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON direct_messages
FOR EACH STATEMENT EXECUTE FUNCTION relove_announce()
"""


class Migration(migrations.Migration):
    dependencies = [("commentators", "0008_post_names"), ("accounts_mgmt", "0010_announce")]

    operations = [migrations.RunSQL(TRIGGER, "DROP TRIGGER announce ON direct_messages")]
