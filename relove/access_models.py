"""How staff prove who they are beside the password, and where they are signed in."""

from datetime import timedelta

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.oath import TOTP

from relove.fields import SealedField
from relove.models import Staff

# RFC 6238: half a minute a step, and one step of drift either way.
STEP_SECONDS = 30
DRIFT = 1
LONGEST_REST = 3600


class Authenticator(models.Model):
    """An app on the staff member's phone that shows a code for every half minute. The secret is sealed.

    It counts from `confirmed_at` on, when the first code was right.
    """

    staff = models.OneToOneField(
        Staff, models.CASCADE, verbose_name=_("staff member"), related_name="authenticator"
    )
    secret = SealedField(ring="personal")
    # a code is good once: the step of the last one
    last_step = models.BigIntegerField(default=-1)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    # wrong codes since the last right one
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "staff_authenticators"
        verbose_name = _("authenticator")
        verbose_name_plural = _("authenticators")

    def __str__(self) -> str:
        return str(self.staff)

    @property
    def is_resting(self) -> bool:
        """A second after the first wrong code, twice as long after each further one, an hour at most."""
        if not self.failed_at:
            return False
        rest = min(2 ** (min(self.failures, 20) - 1), LONGEST_REST)
        return timezone.now() < self.failed_at + timedelta(seconds=rest)

    def accepts(self, token: str) -> bool:
        """Whether the code is right, new and not one of too many tries. Saves."""
        if self.is_resting:
            return False
        is_right = token.isdecimal() and len(token) == 6 and self._is_current(int(token))
        self.note(is_right)
        return is_right

    def note(self, is_right: bool) -> None:
        rows = type(self).objects.filter(pk=self.pk)
        if is_right:
            rows.update(failures=0, failed_at=None)
        else:
            rows.update(failures=F("failures") + 1, failed_at=timezone.now())
        self.refresh_from_db(fields=["failures", "failed_at"])

    def _is_current(self, code: int) -> bool:
        totp = TOTP(self.secret.reveal(), STEP_SECONDS)
        if not totp.verify(code, DRIFT, min_t=self.last_step + 1):
            return False
        # two requests with one code: the guarded UPDATE lets one through
        found = totp.t()
        rows = type(self).objects.filter(pk=self.pk, last_step__lt=found)
        return bool(rows.update(last_step=found))


class RecoveryCode(models.Model):
    """A code for the day the phone is lost; good once, stored as a keyed hash."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "staff_recovery_codes"
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return f"{self.staff}"


class StaffSession(models.Model):
    """Where a member of staff is signed in."""

    staff = models.ForeignKey(Staff, models.CASCADE, verbose_name=_("staff member"), related_name="signed_in")
    session_key = models.CharField(max_length=40, unique=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("signed in"), auto_now_add=True)

    class Meta:
        db_table = "staff_sessions"
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self) -> str:
        return f"{self.staff}, {self.created_at:%d.%m %H:%M}"
