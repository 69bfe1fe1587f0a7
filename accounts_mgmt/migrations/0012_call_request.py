"""An account call carries the request that asked for it through the programs' logs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts_mgmt", "0011_freezing")]

    operations = [
        migrations.AddField(
            model_name="accountcall",
            name="request_id",
            field=models.CharField(blank=True, editable=False, max_length=64, verbose_name="request"),
        ),
    ]
