"""Bring the Russian catalogue up to date with the sources and compile it, with Babel alone.

Strings come from our code and templates, and from packages whose pages staff see, as far as neither
the package nor Django has them in Russian. Nothing is translated here: new strings are left empty,
and a test fails until somebody has written them.
"""

import gettext
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation.template import templatize

LANGUAGE = "ru"
OURS = ("relove", "accounts_mgmt", "commentators", "diagnostics", "education", "sales")
# packages without (complete) Russian whose pages staff see
FOREIGN = ("unfold", "import_export", "django_q", "simple_history")
# parts of them that we do not use
UNUSED = ("/contrib/constance/", "/contrib/guardian/", "/contrib/location_field/", "/unfold_crispy/")
# Django's own words for these push the last button out of the row
SHORTER = ("Save and continue editing", "Save and add another")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "_now": None,
    "lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}

Found = tuple[str, Any, str | None]


class Command(BaseCommand):
    help = "Update and compile the Russian catalogue."

    def handle(self, *args: Any, **options: Any) -> None:
        path = catalogue_path()
        catalogue = updated(read(path))
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, omit_header=False, sort_output=True, ignore_obsolete=True)
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
        empty = sum(1 for message in catalogue if message.id and not message.string)
        self.stdout.write(f"{len(catalogue)} strings, {empty} to translate.")


def catalogue_path() -> Path:
    return Path(settings.LOCALE_PATHS[0]) / LANGUAGE / "LC_MESSAGES" / "django.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def compiled(catalogue: Catalog) -> bytes:
    """The .mo of a catalogue. Byte for byte the same for the same strings."""
    target = io.BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def updated(catalogue: Catalog) -> Catalog:
    """The catalogue with exactly the strings of the sources; what is gone from them leaves it."""
    template = Catalog(locale=LANGUAGE, fuzzy=False)
    for file, message, context in found():
        template.add(message, locations=[(file, 0)], context=context)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.locations = [(name, 0) for name in sorted({name for name, _line in message.locations})]
    return catalogue


def found() -> Iterator[Found]:
    """(place, msgid or (singular, plural), context) of every string the catalogue must hold."""
    for app in OURS:
        folder = Path(apps.get_app_config(app).path)
        for path, message, context in _strings(folder):
            yield str(path.relative_to(folder.parent)), message, context
    for message in SHORTER:
        yield "django", message, None
    known = _known()
    for app in FOREIGN:
        folder = Path(_package_folder(app))
        for _path, message, context in _strings(folder):
            if not _is_known(known, message, context):
                yield app, message, context


def _package_folder(name: str) -> str:
    module = __import__(name)
    return str(Path(str(module.__file__)).parent)


def _strings(folder: Path) -> Iterator[tuple[Path, Any, str | None]]:
    paths = sorted(folder.rglob("*.py")) + sorted(folder.rglob("*.html"))
    for path in paths:
        name = str(path)
        if "/migrations/" in name or any(part in name for part in UNUSED):
            continue
        source = path.read_text()
        # templates become Python that calls gettext, as Django's own makemessages does
        source = _as_python(source, name) if path.suffix == ".html" else source
        for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            if _first(message):
                yield path, message, context


def _as_python(template: str, name: str) -> str:
    """The template's strings as calls; without its indentation, which Python would take for blocks."""
    return "\n".join(line.lstrip() for line in templatize(template, origin=name).splitlines())


def _first(message: Any) -> str:
    return str(message[0] if isinstance(message, tuple) else message)


def _known() -> list[gettext.NullTranslations]:
    """What Django and the packages themselves have in Russian."""
    folders: Iterable[Path] = [
        Path(django.__file__).parent / "conf" / "locale",
        *(Path(app.path) / "locale" for app in apps.get_app_configs() if app.name not in OURS),
    ]
    return [gettext.translation("django", folder, [LANGUAGE], fallback=True) for folder in folders]


def _is_known(known: list[gettext.NullTranslations], message: Any, context: str | None) -> bool:
    first = _first(message)
    if isinstance(message, tuple):
        return any(k.ngettext(message[0], message[1], 5) not in message for k in known)
    if context:
        return any(k.pgettext(context, first) != first for k in known)
    return any(k.gettext(first) != first for k in known)
