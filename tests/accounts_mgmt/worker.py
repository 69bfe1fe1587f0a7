"""A runner with a source address of its own: python -m tests.accounts_mgmt.worker ADDRESS."""

import asyncio
import os
import signal
import sys

import django

from relove.cluster import Drain


async def main(address: str) -> None:
    from accounts_mgmt.tasks import hold

    drain = Drain.manual()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, drain.set)
    print(f"listening to signals at {address}", flush=True)  # noqa: T201
    capacity = int(os.environ.get("TEST_CAPACITY", 50))
    await hold(drain, capacity, local_addr=address)


if __name__ == "__main__":
    django.setup()
    asyncio.run(main(sys.argv[1]))
