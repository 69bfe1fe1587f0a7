"""Connect a Telegram account from the terminal: the same steps as the admin's pages, through a running system."""

import getpass
import time
from io import StringIO
from pathlib import Path
from typing import Any

import segno
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts_mgmt import handover, imports, phones, reasons, signing_in
from accounts_mgmt.models import AccountCall, SignIn, TelegramAccountSession

PAUSE = 0.2
Method, Step = SignIn.Method, SignIn.Step


class Command(BaseCommand):
    help = "Connects a Telegram account by a code, a QR code or an existing session. The system must be running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("label", help="the account's name for staff")
        parser.add_argument("--role", default="commentator", choices=TelegramAccountSession.Role.values)
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--qr", action="store_true", help="sign in by a QR code")
        way.add_argument("--session-file", type=Path, help="a .session file of Telethon")
        way.add_argument("--session-string", action="store_true", help="a session string, which is asked for")

    def handle(self, *args: Any, **options: Any) -> None:
        # what is typed comes before a sign-in that it would make in vain
        session = self._session(options)
        method = Method.IMPORT if session else Method.LINK if options["qr"] else Method.CODE
        phone = self._phone() if method == Method.CODE else ""
        given = {"label": options["label"], "role": options["role"], "method": method, "phone": phone}
        try:
            account = signing_in.begin(**given, staff=None, now=timezone.now())
        except signing_in.AlreadyHere as error:
            raise CommandError(f"This number is connected here already: {error.account}.") from error
        try:
            self._go_on(account.pk, session)
        except (KeyboardInterrupt, CommandError, EOFError):
            self._leave_off(account.pk)
            raise
        account.refresh_from_db()
        self.stdout.write(f"Connected: {account} (@{account.username}).")

    def _session(self, options: dict[str, Any]) -> str:
        try:
            if options["session_file"]:
                return imports.pack_file(options["session_file"].read_bytes())
            if options["session_string"]:
                text = getpass.getpass("Session string (not shown): ")
                imports.parse(text)
                return text
        except (imports.NotASession, OSError) as error:
            raise CommandError("This is neither a session string nor a .session file of Telethon.") from error
        return ""

    def _phone(self) -> str:
        try:
            return phones.normalise(input("Phone number, with the country's code: "))
        except ValidationError as error:
            raise CommandError(error.message) from error

    def _go_on(self, account_id: int, session: str) -> None:
        """Step by step, until the account is active."""
        shown = ""
        while sign_in := self._settled(account_id, shown):
            self._tell_problem(sign_in)
            try:
                shown = self._step(sign_in, session)
            except handover.NoRunner as error:
                raise CommandError("No process holds accounts: is the system running (make up)?") from error

    def _settled(self, account_id: int, shown: str) -> SignIn | None:
        """The sign-in, when it is a person's turn; None once the account is active."""
        while True:
            sign_in = signing_in.under_way(account_id, timezone.now())
            if sign_in is None:
                if TelegramAccountSession.objects.filter(pk=account_id, state="active").exists():
                    return None
                raise CommandError("The sign-in was not finished within ten minutes, or was ended elsewhere.")
            same_link = (
                sign_in.method == Method.LINK and sign_in.step != Step.PASSWORD and sign_in.shown_link == shown
            )
            if not signing_in.answer_awaited(sign_in) and not (same_link and signing_in.link_is_watched(sign_in)):
                return sign_in
            time.sleep(PAUSE)

    def _tell_problem(self, sign_in: SignIn) -> None:
        last = AccountCall.objects.filter(account_id=sign_in.account_id).order_by("-id").first()
        if last and last.state == AccountCall.State.EXPIRED:
            raise CommandError("No process holds accounts: is the system running (make up)?")
        if not sign_in.problem:
            return
        words = reasons.words(sign_in.problem)
        if sign_in.step in (Step.CODE, Step.PASSWORD) and sign_in.wait_until is None:
            self.stderr.write(words)
            return
        until = f" (not before {timezone.localtime(sign_in.wait_until):%H:%M:%S})" if sign_in.wait_until else ""
        raise CommandError(words + until)

    def _step(self, sign_in: SignIn, session: str) -> str:
        """Ask for what is needed now; returns the link that is on the screen."""
        now = timezone.now()
        if sign_in.step == Step.PASSWORD:
            hint = f" (hint: {sign_in.hint})" if sign_in.hint else ""
            signing_in.hand_over_password(sign_in, getpass.getpass(f"Second password{hint}: "), None, now)
        elif sign_in.step == Step.CODE:
            self._ask_code(sign_in)
        elif sign_in.method == Method.IMPORT:
            signing_in.hand_over_session(sign_in, session, None, now)
        elif signing_in.link_is_watched(sign_in):
            self._show(sign_in.shown_link)
        else:
            raise CommandError("The connection to Telegram broke. Try again.")
        return sign_in.shown_link

    def _ask_code(self, sign_in: SignIn) -> None:
        code = input(f"Code (sent by: {sign_in.code_kind}; empty to have it sent again): ").strip()
        try:
            if code:
                signing_in.hand_over_code(sign_in, code, None, timezone.now())
            else:
                signing_in.ask_code_again(sign_in, None, timezone.now())
        except signing_in.TooEarly as error:
            self.stderr.write(str(error.message))

    def _show(self, link: str) -> None:
        drawn = StringIO()
        segno.make(link, error="l").terminal(out=drawn, compact=True)
        self.stdout.write(
            f"{drawn.getvalue()}\nScan it in Telegram: Settings, Devices, Link a device. Or open {link}"
        )

    def _leave_off(self, account_id: int) -> None:
        sign_in = SignIn.objects.filter(account_id=account_id).first()
        if sign_in:
            signing_in.leave_off(sign_in)
