"""Wall clocks that run off, one for all processes of a cluster (clock.c): only where there is a C compiler."""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
WIDTH = 8


@dataclass(frozen=True)
class Clocks:
    """By the name of its cluster, where each clock's error in seconds is written."""

    library: Path
    files: dict[str, Path]

    def environment(self, cluster: str) -> dict[str, str]:
        """What the cluster's processes need to go by its clock."""
        return {"LD_PRELOAD": str(self.library), "RELOVE_CHAOS_CLOCK": str(self.files[cluster])}

    def set_wrong(self, cluster: str, seconds: int) -> None:
        with self.files[cluster].open("r+b") as file:
            file.write(seconds.to_bytes(WIDTH, "little", signed=True))


def make_clocks(folder: Path, clusters: Iterable[str]) -> Clocks | None:
    """Clocks that are right; None where they cannot be built."""
    compiler = shutil.which("cc")
    library = folder / "clock.so"
    if not compiler:
        return None
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    if subprocess.run(command, capture_output=True).returncode:  # noqa: S603
        return None
    clocks = Clocks(library, {name: folder / f"{name}.clock" for name in clusters})
    for file in clocks.files.values():
        file.write_bytes(bytes(WIDTH))
    return clocks
