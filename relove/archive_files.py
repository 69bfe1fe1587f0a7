"""The archive's files: a month's rows as compressed JSON Lines, and beside them a manifest that vouches for them.

`<table>_<month>-<part>.json` is the manifest; it names the file with the rows, whose name holds the beginning
of their checksum. Replacing the manifest is one rename, so a reader finds either the old rows or the new
ones. What is not finished yet has a name that ends in `.part`. All of it is readable by its owner alone.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from relove.partitions import MONTHLY, Month

UNFINISHED = ".part"
MANIFEST, ROWS = ".json", ".jsonl.gz"
LEVEL = 6


class ArchiveError(Exception):
    """A sentence for a person: what is wrong with the archive and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file of the archive holds. `sha256` is that of the lines, before compression."""

    table: str
    year: int
    month: int
    part: int
    rows: int
    sha256: str
    # as the rows had them, in the order of the table
    columns: list[str]
    archived_at: str

    @property
    def of(self) -> Month:
        return Month(self.year, self.month)

    @property
    def name(self) -> str:
        return name_of(self.table, self.of, self.part)

    @property
    def file(self) -> str:
        return f"{self.name}.{self.sha256[:12]}{ROWS}"


def name_of(table: str, month: Month, part: int) -> str:
    return f"{month.partition(table)}-{part}"


def make_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def digest_of(lines: Iterable[str]) -> tuple[int, str]:
    """How many lines, and their checksum as a manifest has it."""
    count, digest = 0, hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
        count += 1
    return count, digest.hexdigest()


def write_rows(folder: Path, name: str, lines: Iterable[str]) -> tuple[Path, int, str]:
    """Write lines under an unfinished name, on the disk for sure; answers where, how many, their checksum."""
    place, count, digest = folder / f"{name}{ROWS}{UNFINISHED}", 0, hashlib.sha256()
    with _private(place) as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=LEVEL, mtime=0) as packed:
        for line in lines:
            data = f"{line}\n".encode()
            digest.update(data)
            packed.write(data)
            count += 1
    _sync(place)
    return place, count, digest.hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Under an unfinished name; `finish` makes it count."""
    place = folder / f"{manifest.name}{MANIFEST}{UNFINISHED}"
    with _private(place) as raw:
        raw.write(json.dumps(asdict(manifest), indent=2).encode())
    _sync(place)
    _sync(folder)
    return place


def finish(place: Path) -> None:
    place.rename(place.with_name(place.name.removesuffix(UNFINISHED)))
    _sync(place.parent)


def manifests(folder: Path) -> list[Manifest]:
    """All that count, the oldest month first, of a month the newest part first."""
    places = folder.glob(f"*{MANIFEST}") if folder.is_dir() else ()
    found = [_read(place) for place in places]
    return sorted(found, key=lambda one: (one.of, one.table, -one.part))


def lines(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The rows, as they were written. Raises ArchiveError at the end when they are not what was vouched for."""
    count, digest = 0, hashlib.sha256()
    try:
        with gzip.open(folder / manifest.file, "rb") as packed:
            for data in packed:
                digest.update(data)
                count += 1
                yield data.decode().rstrip("\n")
    except (OSError, EOFError) as error:
        raise ArchiveError(f"{manifest.file} cannot be read: {error}. Take it from a backup.") from error
    if (count, digest.hexdigest()) != (manifest.rows, manifest.sha256):
        raise ArchiveError(f"{manifest.file} is damaged: it is not what was written. Take it from a backup.")


def verify(folder: Path, manifest: Manifest) -> None:
    """Read all of it back. Raises ArchiveError."""
    for _line in lines(folder, manifest):
        continue


def rewrite(folder: Path, manifest: Manifest, change: Callable[[str], str]) -> bool:
    """Change lines of a file; the old rows are gone afterwards. Says whether there was anything to change."""
    if all(change(line) == line for line in lines(folder, manifest)):
        return False
    place, count, digest = write_rows(folder, manifest.name, map(change, lines(folder, manifest)))
    new = Manifest(**{**asdict(manifest), "rows": count, "sha256": digest})
    place.rename(folder / new.file)
    verify(folder, new)
    finish(write_manifest(folder, new))
    (folder / manifest.file).unlink()
    return True


def remove(folder: Path, manifest: Manifest) -> None:
    (folder / f"{manifest.name}{MANIFEST}").unlink()
    (folder / manifest.file).unlink()


def tidy(folder: Path, counting: set[str]) -> None:
    """After an interruption: finish the manifests that count already, drop what counts nowhere."""
    for place in folder.glob(f"*{MANIFEST}{UNFINISHED}"):
        name = place.name.removesuffix(UNFINISHED).removesuffix(MANIFEST)
        if name in counting and not (folder / f"{name}{MANIFEST}").exists():
            finish(place)
        else:
            place.unlink()
    named = {manifest.file for manifest in manifests(folder)}
    for table in MONTHLY:
        for place in (*folder.glob(f"{table}_*{ROWS}"), *folder.glob(f"{table}_*{ROWS}{UNFINISHED}")):
            if place.name not in named:
                place.unlink()


def _read(place: Path) -> Manifest:
    try:
        return Manifest(**json.loads(place.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ArchiveError(f"{place.name} is no manifest of the archive: {error}.") from error


def _private(place: Path) -> BinaryIO:
    return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
