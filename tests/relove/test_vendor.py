"""What browsers are served is what the lock names, with its licence."""

import json
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR) / "relove"
VENDOR = ROOT / "static" / "relove" / "vendor"
ROW = re.compile(r"^\| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", re.M)


def test_every_served_library_is_locked_and_has_a_licence() -> None:
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    rows = ROW.findall((VENDOR / "README.md").read_text())[1:]
    licences = (VENDOR / "LICENSES.txt").read_text()
    assert {row[0] for row in rows} >= {"relove/vendor/codemirror.js", "relove/vendor/dagre.js"}
    for file, package, version, licence in rows:
        assert (ROOT / "static" / file).is_file(), file
        assert lock[f"node_modules/{package}"]["version"] == version, package
        assert licence in ("MIT", "ISC"), package
        assert f"{package}\n\n" in licences, package


def test_the_lock_names_no_server() -> None:
    assert '"resolved"' not in (ROOT / "frontend" / "package-lock.json").read_text()
