"""Accounts, their leases and security log, what they know of Telegram, and what pages ask of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts_mgmt.outbox import OutgoingMessage as OutgoingMessage
from accounts_mgmt.pause_models import OutboxWatch as OutboxWatch
from accounts_mgmt.pause_models import Pause as Pause
from accounts_mgmt.pause_models import RunnerBeat as RunnerBeat
from accounts_mgmt.querysets import (
    AccountCallQuerySet,
    AccountQuerySet,
    ContactQuerySet,
    CrisisContactQuerySet,
)
from accounts_mgmt.sign_in_models import RunnerKey as RunnerKey
from accounts_mgmt.sign_in_models import SignIn as SignIn
from accounts_mgmt.staff_models import Alert as Alert
from accounts_mgmt.staff_models import StaffMessage as StaffMessage
from accounts_mgmt.staff_models import StaffTelegram as StaffTelegram
from relove.fields import SealedField


class TelegramAccountSession(models.Model):
    """A Telegram account of ours: who it is, whether it may act, and who holds it now."""

    class Role(models.TextChoices):
        MAIN = "main", _("main account")
        COMMENTATOR = "commentator", _("commentator")
        STUDENT = "student", _("practice partner")

    class State(models.TextChoices):
        SIGNING_IN = "signing_in", _("being signed in")
        ACTIVE = "active", _("active")
        LIMITED = "limited", _("limited")
        BANNED = "banned", _("banned")
        SIGNED_OUT = "signed_out", _("signed out")
        DISABLED = "disabled", _("switched off")

    label = models.CharField(_("name for staff"), max_length=64)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    telegram_user_id = models.BigIntegerField(_("Telegram id"), unique=True, null=True, blank=True)
    username = models.CharField(_("username"), max_length=64, blank=True)
    first_name = models.CharField(_("first name"), max_length=128, blank=True)
    last_name = models.CharField(_("last name"), max_length=128, blank=True)
    bio = models.CharField(_("bio"), max_length=140, blank=True)
    phone = SealedField(_("phone"), ring="personal", null=True, blank=True)
    phone_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    phone_mask = models.CharField(_("phone"), max_length=24, blank=True, editable=False)
    session = SealedField(_("session"), ring="session", null=True, blank=True)

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(_("why"), max_length=255, blank=True)
    state_since = models.DateTimeField(_("since"), null=True, blank=True)
    flood_until = models.DateTimeField(_("Telegram asks to wait until"), null=True, blank=True)
    # since when at half its pace; see accounts_mgmt.trends
    slowed_at = models.DateTimeField(_("writes more slowly since"), null=True, blank=True)
    last_seen = models.DateTimeField(_("last seen"), null=True, blank=True)

    owner = models.CharField(
        _("owner"), max_length=128, blank=True, help_text=_("The person whose account this is.")
    )
    owner_consent_at = models.DateTimeField(
        _("owner's consent"),
        null=True,
        blank=True,
        help_text=_("Without the owner's consent the account sends nothing by machine."),
    )
    disclosure = models.CharField(
        _("disclosure"),
        max_length=70,
        blank=True,
        help_text=_("Stands in the profile: that an AI helps write, and who runs it. Up to 70 characters."),
    )
    disclosure_seen_at = models.DateTimeField(_("disclosure seen in the profile"), null=True, blank=True)
    profile_read_at = models.DateTimeField(_("profile read"), null=True, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    # The lease: who holds the connection. `lease_token` fences every later UPDATE of the holder.
    lease_token = models.BigIntegerField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)
    lease_host = models.CharField(_("held on"), max_length=128, blank=True, editable=False)
    lease_pid = models.IntegerField(_("process"), null=True, blank=True, editable=False)
    lease_pid_started = models.BigIntegerField(null=True, blank=True, editable=False)
    lease_since = models.DateTimeField(_("held since"), null=True, blank=True, editable=False)
    heartbeat_at = models.DateTimeField(_("heartbeat"), null=True, blank=True, editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        db_table = "telegram_account_sessions"
        verbose_name = _("Telegram account")
        verbose_name_plural = _("Telegram accounts")
        indexes = [
            models.Index(fields=["state"], name="account_state"),
            # what a runner looks for: who may be taken
            models.Index(fields=["lease_until"], name="account_lease", condition=Q(state="active")),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def discloses(self) -> bool:
        """Whether Telegram shows the disclosure in the profile, as last seen."""
        return bool(self.disclosure and self.disclosure_seen_at)


class AccountPhoto(models.Model):
    """An account's photo as Telegram shows it, and the one that is to be put up; both JPEG."""

    account = models.OneToOneField(TelegramAccountSession, models.CASCADE, primary_key=True, related_name="photo")
    photo_id = models.BigIntegerField(default=0)
    shown = models.BinaryField(blank=True, default=b"")
    wanted = models.BinaryField(null=True, blank=True)

    class Meta:
        db_table = "account_photos"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.photo_id}"


class AccountSecurityLog(models.Model):
    """What happened to an account's access. Append-only (a trigger refuses changes)."""

    class Event(models.TextChoices):
        SIGNED_IN = "signed_in", _("signed in")
        LEASED = "leased", _("taken by a process")
        RELEASED = "released", _("given back")
        LEASE_LOST = "lease_lost", _("lease lost")
        FLOOD = "flood", _("Telegram asked to wait")
        PEER_FLOOD = "peer_flood", _("stopped: writes too much to strangers")
        REVOKED = "revoked", _("session revoked")
        DUPLICATED = "duplicated", _("session used twice")
        BANNED = "banned", _("banned")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        DISCLOSURE = "disclosure", _("disclosure changed")
        SLOWED = "slowed", _("at half the pace: waits grow")
        CALM = "calm", _("at full pace again")
        PROFILE = "profile", _("profile changed")
        ENDED = "ended", _("signed out elsewhere by us")

    account = models.ForeignKey(
        TelegramAccountSession, models.PROTECT, verbose_name=_("account"), related_name="security_logs"
    )
    event = models.CharField(_("event"), max_length=24, choices=Event.choices)
    details = models.JSONField(_("details"), default=dict, blank=True)
    staff = models.ForeignKey(
        "relove.Staff",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("staff member"),
        related_name="+",
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        db_table = "account_security_logs"
        verbose_name = _("security event")
        verbose_name_plural = _("security log")
        indexes = [models.Index(fields=["account", "-created_at"], name="security_account_time")]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_event_display()}"


class AccountEntity(models.Model):
    """A user or chat that an account has met: its access hash belongs to this account alone."""

    account = models.ForeignKey(TelegramAccountSession, models.CASCADE, related_name="entities")
    # Telethon's marked id: users positive, groups negative, channels -100…
    entity_id = models.BigIntegerField()
    access_hash = models.BigIntegerField()
    username = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "account_entities"
        constraints = [models.UniqueConstraint(fields=["account", "entity_id"], name="account_entity")]

    def __str__(self) -> str:
        return f"{self.account_id}:{self.entity_id}"


class AccountUpdateState(models.Model):
    """Up to where an account's updates are handled; entity 0 is the account itself, others channels."""

    account = models.ForeignKey(TelegramAccountSession, models.CASCADE, related_name="update_states")
    entity_id = models.BigIntegerField()
    pts = models.IntegerField()
    qts = models.IntegerField(default=0)
    seq = models.IntegerField(default=0)
    date = models.DateTimeField()

    class Meta:
        db_table = "account_update_states"
        constraints = [models.UniqueConstraint(fields=["account", "entity_id"], name="account_update_state")]

    def __str__(self) -> str:
        return f"{self.account_id}:{self.entity_id} {self.pts}"


class AccountChatHold(models.Model):
    """An account that waits in one chat (slow mode) or may not write there at all (`until` is null)."""

    account = models.ForeignKey(TelegramAccountSession, models.CASCADE, related_name="chat_holds")
    chat = models.ForeignKey("relove.Chat", models.CASCADE, related_name="holds")
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "account_chat_holds"
        verbose_name = _("wait in a chat")
        verbose_name_plural = _("waits in chats")
        constraints = [models.UniqueConstraint(fields=["account", "chat"], name="account_chat_hold")]

    def __str__(self) -> str:
        return f"{self.account} · {self.chat}: {self.reason}"


class AccountCall(models.Model):
    """What a page, task or command wants from Telegram other than a message.

    Only the runner that holds the account carries it out; `result` and `error` are for the page.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("outcome unknown")
        EXPIRED = "expired", _("too late")

    account = models.ForeignKey(
        TelegramAccountSession, models.CASCADE, verbose_name=_("account"), related_name="calls"
    )
    kind = models.CharField(_("kind"), max_length=32)
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    asked_by = models.ForeignKey(
        "relove.Staff", models.SET_NULL, null=True, blank=True, verbose_name=_("asked by"), related_name="+"
    )
    deadline = models.DateTimeField(_("deadline"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    claimed_by = models.BigIntegerField(null=True, blank=True, editable=False)
    result = models.JSONField(_("result"), null=True, blank=True)
    error = models.CharField(_("why"), max_length=255, blank=True)
    # of the page's request that asked: the programs' logs tell of both under one id
    request_id = models.CharField(_("request"), max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = AccountCallQuerySet.as_manager()

    class Meta:
        db_table = "account_calls"
        verbose_name = _("account call")
        verbose_name_plural = _("account calls")
        indexes = [
            # the runner's query
            models.Index(
                fields=["account", "id"], name="call_open", condition=Q(state__in=("waiting", "running"))
            ),
            models.Index(fields=["state", "-id"], name="call_state_id"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.account}"


class SendPace(models.Model):
    """Recent grants by key, for a system without Redis; see accounts_mgmt.limits."""

    key = models.CharField(max_length=64, primary_key=True)
    recent = ArrayField(models.FloatField(), default=list)

    class Meta:
        db_table = "send_paces"

    def __str__(self) -> str:
        return self.key


class Contact(models.Model):
    """What holds between a person and all our accounts: who speaks with them, and whether anybody may.

    Every automatic message asks this row at the send (accounts_mgmt.private.guards).
    """

    user = models.OneToOneField(
        "relove.TelegramUser", models.CASCADE, verbose_name=_("person"), related_name="contact"
    )
    account = models.ForeignKey(
        TelegramAccountSession,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("who speaks with them"),
        related_name="+",
    )
    wrote_at = models.DateTimeField(_("wrote to us"), null=True, blank=True)
    consent_at = models.DateTimeField(_("agreed to be written to"), null=True, blank=True)
    consent_note = models.CharField(_("where they agreed"), max_length=255, blank=True)
    consent_by = models.ForeignKey(
        "relove.Staff", models.PROTECT, null=True, blank=True, verbose_name=_("recorded by"), related_name="+"
    )
    stopped_at = models.DateTimeField(_("asked to stop"), null=True, blank=True)
    paused_until = models.DateTimeField(_("asked for quiet until"), null=True, blank=True)
    crisis_at = models.DateTimeField(_("crisis"), null=True, blank=True)
    # the member of staff told last, and when: without an answer the next one is told
    told_at = models.DateTimeField(_("staff told"), null=True, blank=True)
    told_staff = models.ForeignKey(
        "relove.Staff", models.SET_NULL, null=True, blank=True, verbose_name=_("who was told"), related_name="+"
    )
    acknowledged_at = models.DateTimeField(_("taken over"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        "relove.Staff", models.PROTECT, null=True, blank=True, verbose_name=_("taken over by"), related_name="+"
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        db_table = "contacts"
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            # the alert on every page
            models.Index(
                fields=["crisis_at"],
                name="contact_alert",
                condition=Q(crisis_at__isnull=False, acknowledged_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def halted(self) -> bool:
        """Whether automation is off for this person until they or a member of staff say otherwise."""
        return bool(self.stopped_at or self.crisis_at)


class CrisisContact(models.Model):
    """Where a person in distress finds help; used once a named person has confirmed that it is right."""

    country = models.CharField(_("country"), max_length=64, unique=True)
    text = models.CharField(
        _("help contacts"), max_length=255, help_text=_("As they will stand in the message: who, and the number.")
    )
    confirmed_by = models.CharField(_("confirmed by whom"), max_length=128, blank=True)
    confirmed_at = models.DateField(_("confirmed when"), null=True, blank=True)

    objects = CrisisContactQuerySet.as_manager()

    class Meta:
        db_table = "crisis_contacts"
        verbose_name = _("help contact")
        verbose_name_plural = _("help contacts")

    def __str__(self) -> str:
        return self.country
