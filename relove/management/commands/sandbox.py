"""A Telegram and a language model on loopback, with a control interface, in one process."""

import asyncio
import gc
import signal
from pathlib import Path
from typing import Any

import uvloop
from django.core.management.base import BaseCommand, CommandError, CommandParser

from relove.sandbox import worlds
from relove.sandbox.server import Sandbox


class Command(BaseCommand):
    help = "Runs the sandbox: a Telegram server, a language model and their control interface, on loopback."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--telegram-port", type=int, default=8443, help="0 takes a free one")
        parser.add_argument("--http-port", type=int, default=8099, help="0 takes a free one")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--any-address",
            action="store_true",
            help="allow a host that is not loopback (network namespaces)",
        )
        parser.add_argument("--seed", default="sandbox", help="ready-made sessions follow from it")
        parser.add_argument("--state", type=Path, help="file in which the world survives a restart")
        parser.add_argument("--world", type=Path, help="YAML file that describes a fresh world")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sandbox = Sandbox(
                options["telegram_port"],
                options["http_port"],
                seed=options["seed"],
                host=options["host"],
                any_address=options["any_address"],
                state_file=options["state"],
            )
            if options["world"] and not sandbox.restored:
                worlds.build(sandbox.core, worlds.parse(options["world"].read_text()))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._run(sandbox))
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error

    async def _run(self, sandbox: Sandbox) -> None:
        # what is loaded by now stays: a collection that looks through all of it keeps every client waiting, and
        # what was sent meanwhile at even distances arrives together
        gc.collect()
        gc.freeze()
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stopped.set)
        async with sandbox:
            address = f"{sandbox.host}:{sandbox.telegram_port}"
            self.stdout.write(f"sandbox ready telegram={address} http={sandbox.host}:{sandbox.http_port}")
            self.stdout.flush()
            await stopped.wait()
