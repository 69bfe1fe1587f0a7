"""One hand of the system as a process of its own, to be killed: python -m tests.flows.worker runner|llm."""

import asyncio
import signal
import sys

import django

from relove.cluster import Drain


async def main(name: str) -> None:
    from accounts_mgmt.tasks import hold
    from relove.llm_work import work

    drain = Drain.manual()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, drain.set)
    print("at work", flush=True)  # noqa: T201
    await (hold(drain, 50) if name == "runner" else work(drain))


if __name__ == "__main__":
    django.setup()
    asyncio.run(main(sys.argv[1]))
