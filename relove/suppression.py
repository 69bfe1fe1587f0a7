"""People who were erased and are never written to again, known by a keyed hash of their Telegram id alone.

The hashes stand in the table `suppression` and, beside the database, in the state folder: a backup that is
older than an erasure does not know it, and `reapply` brings it back. The file travels with the backups.
"""

from pathlib import Path

from relove.embedded import state_dir
from relove.fields import keyed_hash
from relove.models import Suppression, TelegramUser


def hash_of(telegram_id: int) -> str:
    return keyed_hash(f"person:{telegram_id}")


def is_suppressed(telegram_id: int) -> bool:
    return Suppression.objects.filter(person_hash=hash_of(telegram_id)).exists()


def add(telegram_id: int) -> str:
    """Put the person into the table; answers the hash, for `keep` once the transaction has committed."""
    person_hash = hash_of(telegram_id)
    Suppression.objects.get_or_create(person_hash=person_hash)
    return person_hash


def file() -> Path:
    return state_dir() / "suppression"


def keep(*hashes: str) -> None:
    """Write the hashes beside the database; each line is one."""
    file().parent.mkdir(parents=True, exist_ok=True)
    with file().open("a", encoding="ascii") as kept:
        kept.writelines(f"{person_hash}\n" for person_hash in hashes)


def copy_to(folder: Path) -> None:
    """Put all hashes that the database or the file knows beside its backups."""
    known = set(Suppression.objects.values_list("person_hash", flat=True)) | _read(file())
    place = folder / file().name
    known |= _read(place)
    place.write_text("".join(f"{person_hash}\n" for person_hash in sorted(known)), encoding="ascii")


def take_from(folder: Path) -> None:
    """Learn the hashes that stand beside a backup."""
    keep(*sorted(_read(folder / file().name) - _read(file())))


def forgotten() -> list[TelegramUser]:
    """People of the database whose erasure it does not know: it comes from an older backup."""
    kept = _read(file())
    missing = kept - set(Suppression.objects.filter(person_hash__in=kept).values_list("person_hash", flat=True))
    if not missing:
        return []
    Suppression.objects.bulk_create([Suppression(person_hash=one) for one in missing], ignore_conflicts=True)
    return [user for user in TelegramUser.objects.iterator() if hash_of(user.telegram_id) in missing]


def _read(place: Path) -> set[str]:
    return set(place.read_text(encoding="ascii").split()) if place.exists() else set()
