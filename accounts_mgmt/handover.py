"""What a page hands over to the runners: sealed to their public key, which they put into the database."""

from accounts_mgmt.models import RunnerKey
from relove import sealing

ONLY = 1


class NoRunner(Exception):
    """No runner has ever run here, so there is nobody to seal to."""


def publish() -> None:
    """Let the pages know the public half of the session ring's current key. Raises KeyMissing without the ring."""
    key = sealing.public_key()
    if not RunnerKey.objects.filter(pk=ONLY, public_key=key).exists():
        RunnerKey.objects.update_or_create(pk=ONLY, defaults={"public_key": key})


def seal(plain: str) -> bytes:
    """Seal to the runners. Raises NoRunner."""
    row = RunnerKey.objects.filter(pk=ONLY).first()
    if row is None:
        raise NoRunner
    return sealing.seal(bytes(row.public_key), plain)
