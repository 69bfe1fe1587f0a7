"""The runner's side of account calls: claim those of held accounts, carry them out, answer."""

import asyncio
import contextlib
import json
import logging
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext

from accounts_mgmt import calls, health, reasons, sign_in_steps
from accounts_mgmt.delivery import Held
from accounts_mgmt.leases import Lease
from accounts_mgmt.lines import AWAY, Line
from accounts_mgmt.models import AccountCall
from relove import logs
from relove.db import in_thread, notify
from relove.faultpoints import reach
from relove.telegram.gateway import GatewayError, OutcomeUnknown

logger = logging.getLogger(__name__)

# While Telegram makes an account wait it asks nothing, either. A kind that this runner does not know
# (an older version, say) is left for one that does.
CLAIM = """
UPDATE account_calls c SET state = 'running', claimed_by = held.token
FROM unnest(%s::bigint[], %s::bigint[]) AS held (account, token)
JOIN telegram_account_sessions a ON a.id = held.account AND (a.flood_until IS NULL OR a.flood_until <= now())
WHERE c.account_id = held.account AND c.state = 'waiting' AND c.deadline > now() AND c.kind = ANY(%s)
RETURNING c.id, c.account_id, c.kind, c.arguments, held.token, c.request_id
"""

# A former holder died with these: what may be repeated waits again, the rest nobody can know.
TAKE_OVER = """
UPDATE account_calls SET claimed_by = NULL,
    state = CASE WHEN kind = ANY(%s) THEN 'waiting' ELSE 'unknown' END,
    finished_at = CASE WHEN kind = ANY(%s) THEN NULL ELSE now() END
WHERE account_id = %s AND state = 'running' AND claimed_by IS DISTINCT FROM %s
"""
DONE_CHANNEL = "relove_calls_done"


class CallDesk:
    """Carries out the calls of a runner's accounts, each in a task of its own."""

    def __init__(self, line: Line, held: dict[int, Held]) -> None:
        self._line = line
        self._held = held
        self._running: dict[asyncio.Task[None], calls.Kind] = {}

    async def serve(self) -> None:
        for signing_in in (False, True):
            held = [one for one in self._held.values() if one.usable and one.signing_in == signing_in]
            if held:
                await self._serve(held, calls.known(signs_in=signing_in))

    async def _serve(self, held: list[Held], kinds: list[str]) -> None:
        accounts, tokens = [one.lease.account for one in held], [one.lease.token for one in held]
        claimed = await self._line.rows(CLAIM, [accounts, tokens, kinds])
        for call_id, account, kind, arguments, token, request_id in claimed:
            one = self._held.get(account)
            call = calls.Call(call_id, account, _parsed(arguments), token, request_id)
            # else let go while the claim was under way
            is_held = one and one.lease.token == token
            work = self._carry_out(one, kind, call) if one and is_held else in_thread(put_back, call)
            task = asyncio.create_task(work)
            self._running[task] = calls.get(kind)
            task.add_done_callback(self._running.pop)

    async def take_over(self, lease: Lease) -> None:
        repeatable = calls.repeatable()
        await self._line.rows(TAKE_OVER, [repeatable, repeatable, lease.account, lease.token])

    async def join(self) -> None:
        """Until all are answered; the lasting ones wait for the next holder."""
        for task in [task for task, kind in self._running.items() if kind.lasting]:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _carry_out(self, held: Held, name: str, call: calls.Call) -> None:
        """Kinds are any app's code: this is the boundary at which whatever they raise becomes an answer."""
        kind = calls.get(name)
        # this is an asyncio task of its own, and what is bound here is its own, too
        logs.bind("account_calls", call.id, account=call.account, request_id=call.request_id)
        try:
            await self._answer(held, kind, call)
        except AWAY as error:
            # what was done cannot be written: closed by the next holder, or when its time is over
            logger.warning("call %s (%s): the database is away (%s)", call.id, name, type(error).__name__)
        except Exception:
            logger.exception("call %s (%s): unexpected", call.id, name)
            state = AccountCall.State.REFUSED if kind.repeatable else AccountCall.State.UNKNOWN
            with contextlib.suppress(*AWAY):
                await in_thread(finish, call.id, call.token, state, None, gettext(reasons.FAULT))

    async def _answer(self, held: Held, kind: calls.Kind, call: calls.Call) -> None:
        try:
            reach(f"call_{kind.name}")
            result = await kind.run(held.gateway, call)
            reach(f"done_{kind.name}")
        except GatewayError as error:
            # nobody is signed in yet whom an error could stop
            effect = None if held.signing_in else health.effect_of(error)
            if effect and not effect.chat_only:
                await in_thread(health.apply, call.account, call.token, effect, error.code, None, kind.name)
                held.lost = held.lost or effect.ends_session
            cut = isinstance(error, OutcomeUnknown)
            if cut and kind.repeatable and held.lost:
                # by our own letting go: the next holder begins anew
                await in_thread(put_back, call)
                return
            state = AccountCall.State.UNKNOWN if cut and not kind.repeatable else AccountCall.State.REFUSED
            await in_thread(finish, call.id, call.token, state, None, reasons.sentence(error))
            logger.warning("call %s (%s): %s", call.id, kind.name, error.code)
        else:
            await in_thread(finish, call.id, call.token, AccountCall.State.DONE, result, "")
            logger.info("call %s (%s) is done", call.id, kind.name)
        if held.signing_in and sign_in_steps.is_over(held.gateway):
            # only now: whoever holds the account next must find the call answered
            held.lost = True


def finish(call_id: int, token: int, state: AccountCall.State, result: dict[str, Any] | None, error: str) -> None:
    """Write the answer, if the call is still ours, and tell whoever waits."""
    AccountCall.objects.filter(id=call_id, claimed_by=token, state=AccountCall.State.RUNNING).update(
        state=state, result=result, error=error[:255], finished_at=Now()
    )
    notify(DONE_CHANNEL, str(call_id))


def put_back(call: calls.Call) -> None:
    """Let it wait for the account's next holder, if it is still ours."""
    AccountCall.objects.filter(id=call.id, claimed_by=call.token, state=AccountCall.State.RUNNING).update(
        state=AccountCall.State.WAITING, claimed_by=None
    )


def _parsed(value: Any) -> dict[str, Any]:
    """jsonb as psycopg gives it here: parsed, or text where Django has told it to leave it so."""
    parsed: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return parsed
