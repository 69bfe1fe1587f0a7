"""A restart with the state file, and the command that runs the server."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from telethon import errors, functions

from relove.sandbox.client import SandboxClient
from relove.sandbox.server import Sandbox
from tests.sandbox.conftest import Connect, session_for
from tests.sandbox.tools import DEADLINE, publish, send

WORLD = """
users: [{first_name: Анна, username: anna}]
channels: [{title: Канал, username: kanal, members: [anna], posts: [Первый]}]
"""


@pytest.mark.anyio
async def test_everything_survives_a_restart(connect: Connect, tmp_path: Path) -> None:
    file = tmp_path / "world.state"
    async with Sandbox(state_file=file) as first:
        world = first.core.world
        anna = world.add_user(first_name="Анна", username="anna")
        world.add_user(first_name="Борис", username="boris")
        channel = world.add_channel(title="Канал", username="kanal", broadcast=True, members={anna.id})
        publish(first, channel, "Пост")
        client = await connect(session=session_for(first, anna))
        peer = await client.get_input_entity("boris")
        await client(send(peer, "раз", random_id=5))
        first.core.keyring.ready(anna.id, 1).dead = "SESSION_REVOKED"
        before = anna.pts
        await client.disconnect()
    assert file.stat().st_mode & 0o777 == 0o600
    async with Sandbox(state_file=file, seed="another seed does not count") as second:
        world = second.core.world
        assert [entry.text for entry in world.ledger] == ["Пост", "раз"]
        assert world.users[anna.id].pts == before
        client = await connect(session=session_for(second, world.users[anna.id]))
        with pytest.raises(errors.RandomIdDuplicateError):
            await client(send(peer, "раз", random_id=5))
        assert [m.message for m in await client.get_messages("kanal")] == ["Пост"]
        revoked = session_for(second, world.users[anna.id], 1)
        with pytest.raises(errors.SessionRevokedError):
            await (await connect(session=revoked))(functions.account.GetAuthorizationsRequest())
        await client.disconnect()


@pytest.mark.processes
def test_the_command_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    world = tmp_path / "world.yml"
    world.write_text(WORLD)
    state = tmp_path / "world.state"
    command = [sys.executable, "manage.py", "sandbox", "--telegram-port=0", "--http-port=0"]
    command += [f"--state={state}", f"--world={world}"]
    for expected in (1, 2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            ready = re.match(r"sandbox ready telegram=127\.0\.0\.1:\d+ http=(\S+)", process.stdout.readline())
            assert ready
            control = SandboxClient(f"http://{ready[1]}")
            assert [item["text"] for item in control.messages("kanal")] == ["Первый", "Второй"][:expected]
            if expected == 1:
                control.publish("kanal", "Второй")
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0
