"""Half-finished sign-ins, and the key to which pages seal what they hand over."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from relove.fields import SealedField


class SignIn(models.Model):
    """How far an account's signing in has come. Gone when it ends, ten minutes after it began at the latest.

    `problem` is Telegram's name for what went wrong last. `handed` is sealed to the runners' public key and
    wiped when one takes it up.
    """

    class Method(models.TextChoices):
        CODE = "code", _("by a code")
        LINK = "link", _("by a QR code")
        IMPORT = "import", _("from an existing session")

    class Step(models.TextChoices):
        BEGUN = "begun", _("begun")
        CODE = "code", _("waits for the code")
        PASSWORD = "password", _("waits for the second password")
        LINK = "link", _("waits for the QR code to be scanned")

    account = models.OneToOneField(
        "accounts_mgmt.TelegramAccountSession", models.CASCADE, primary_key=True, related_name="sign_in"
    )
    method = models.CharField(max_length=8, choices=Method.choices)
    step = models.CharField(max_length=8, choices=Step.choices, default=Step.BEGUN)
    staff = models.ForeignKey("relove.Staff", models.SET_NULL, null=True, blank=True, related_name="+")
    # what the account was before; empty for a new one
    previous_state = models.CharField(max_length=16, blank=True)
    previous_reason = models.CharField(max_length=255, blank=True)
    session = SealedField(ring="session", null=True, blank=True)
    handed = models.BinaryField(null=True, blank=True, editable=False)

    code_hash = SealedField(ring="session", null=True, blank=True)
    code_kind = models.CharField(max_length=32, blank=True)
    code_length = models.IntegerField(default=0)
    next_kind = models.CharField(max_length=32, blank=True)
    resend_at = models.DateTimeField(null=True, blank=True)
    hint = models.CharField(max_length=128, blank=True)
    # whoever opens it signs this system in as themselves: shown on the page alone
    link = SealedField(ring="personal", null=True, blank=True)
    link_until = models.DateTimeField(null=True, blank=True)

    problem = models.CharField(max_length=64, blank=True)
    wait_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "account_sign_ins"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.step}"

    @property
    def shown_link(self) -> str:
        """The link to show; "" while there is none."""
        return self.link.reveal_text() if self.link and self.step == self.Step.LINK else ""


class RunnerKey(models.Model):
    """The public half of the runners' key, for sealing; one row."""

    public_key = models.BinaryField()
    published_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "runner_keys"

    def __str__(self) -> str:
        return f"runners' key of {self.published_at:%d.%m.%Y}"
