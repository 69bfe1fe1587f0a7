"""Messages of dialogues announce themselves to the messenger's pages, whichever process writes."""

from django.db import migrations

TRIGGER = """
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON conversation_messages
FOR EACH STATEMENT EXECUTE FUNCTION relove_announce()
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0002_dialogues"), ("accounts_mgmt", "0010_announce")]

    operations = [migrations.RunSQL(TRIGGER, "DROP TRIGGER announce ON conversation_messages")]
