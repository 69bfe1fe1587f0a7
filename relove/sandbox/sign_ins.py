"""Half-finished sign-ins of the sandbox: codes on their way, links to scan, checks of a second password.

None of this outlives the server: a client then starts over, as it must when a code has expired.
Sources: https://core.telegram.org/api/auth, /api/qr-login and /api/srp
"""

import os
import time
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from telethon import password as srp
from telethon.tl import types

from relove.sandbox.tl import RpcError
from relove.sandbox.world import User, World

if TYPE_CHECKING:
    from relove.sandbox.core import Key

# How a code travels, the first kind first; asking again takes the next one.
KINDS = ("app", "sms", "call")
WRONG_CODES = 5
# The safe prime and the generator that clients know: others they would have to examine first.
PRIME = bytes.fromhex(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F"
    "48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37"
    "20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4"
    "A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754"
    "FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F"
    "0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B"
)
GENERATOR = 3
_P = int.from_bytes(PRIME)
_SIZE = 256


@dataclass(slots=True)
class Code:
    """A code sent to a phone, for the key that asked for it."""

    key: int
    phone: str
    hash: str
    digits: str
    kind: str
    sent: float
    wrong: int = 0

    def describe(self) -> dict[str, object]:
        return {"phone": self.phone, "code": self.digits, "kind": self.kind, "sent": self.sent}


@dataclass(slots=True)
class Link:
    """A link that a signed-in person may scan; `user` is who did."""

    key: int
    token: bytes
    expires: float
    user: int | None = None


@dataclass(slots=True)
class Check:
    """One question for a second password: the server's half of it."""

    user: int
    secret: int
    public: bytes


@dataclass
class SignIns:
    """By phone, by token and by srp_id; the newest counts."""

    world: World
    codes: dict[str, Code] = field(default_factory=dict)
    links: dict[bytes, Link] = field(default_factory=dict)
    checks: dict[int, Check] = field(default_factory=dict)
    # from one data centre to another: whose authorisation goes along
    tickets: dict[bytes, int] = field(default_factory=dict)

    # --- codes -----------------------------------------------------------------------------------

    def send_code(self, key: int, number: str) -> Code:
        """Raises PHONE_NUMBER_INVALID and PHONE_NUMBER_BANNED; a stranger's number gets a code, too."""
        phone = digits_of(number)
        user = self.person(phone)
        if user and user.banned:
            raise RpcError("PHONE_NUMBER_BANNED")
        code = Code(key, phone, os.urandom(9).hex(), _digits(), KINDS[0], time.time())
        self.codes[phone] = code
        return code

    def resend(self, key: int, number: str, code_hash: str) -> Code:
        code = self._code(key, number, code_hash)
        if code.kind == KINDS[-1]:
            raise RpcError("SEND_CODE_UNAVAILABLE")
        code.kind = KINDS[KINDS.index(code.kind) + 1]
        code.digits, code.sent, code.wrong = _digits(), time.time(), 0
        return code

    def use_code(self, key: int, number: str, code_hash: str, digits: str) -> User | None:
        """Who has the number; None for nobody. A right code is used up."""
        code = self._code(key, number, code_hash)
        if not digits:
            raise RpcError("PHONE_CODE_EMPTY")
        if code.wrong >= WRONG_CODES:
            raise RpcError("PHONE_PASSWORD_FLOOD")
        if digits != code.digits:
            code.wrong += 1
            raise RpcError("PHONE_CODE_INVALID")
        user = self.person(code.phone)
        if user:
            del self.codes[code.phone]
        return user

    def _code(self, key: int, number: str, code_hash: str) -> Code:
        code = self.codes.get(digits_of(number))
        if code is None or (code.key, code.hash) != (key, code_hash):
            raise RpcError("PHONE_CODE_EXPIRED")
        if time.time() - code.sent > self.world.settings.code_seconds:
            del self.codes[code.phone]
            raise RpcError("PHONE_CODE_EXPIRED")
        return code

    def person(self, phone: str) -> User | None:
        return next((user for user in self.world.users.values() if user.phone == phone), None)

    # --- links -----------------------------------------------------------------------------------

    def link(self, key: int) -> Link:
        """The link that was scanned, or else the key's present one, or a new one."""
        now = time.time()
        own = [link for link in self.links.values() if link.key == key and (link.user or link.expires > now)]
        if own:
            return max(own, key=lambda link: link.user is not None)
        link = Link(key, os.urandom(24), now + self.world.settings.link_seconds)
        self.links[link.token] = link
        return link

    def scan(self, token: bytes, user: User) -> Link:
        link = self.links.get(token)
        if link is None:
            raise RpcError("AUTH_TOKEN_INVALID")
        if link.user:
            raise RpcError("AUTH_TOKEN_ALREADY_ACCEPTED")
        if link.expires < time.time():
            raise RpcError("AUTH_TOKEN_EXPIRED")
        link.user = user.id
        return link

    def forget_links(self, key: int) -> None:
        self.links = {token: link for token, link in self.links.items() if link.key != key}

    # --- the second password -----------------------------------------------------------------------

    def ask_password(self, user: User) -> tuple[int, bytes]:
        """(srp_id, the server's public number B) of a fresh question."""
        secret, number = int.from_bytes(os.urandom(_SIZE)), int.from_bytes(os.urandom(7))
        public = (_factor() * _verifier(user.id, user.password) + pow(GENERATOR, secret, _P)) % _P
        self.checks[number] = Check(user.id, secret, public.to_bytes(_SIZE))
        return number, public.to_bytes(_SIZE)

    def check_password(self, user: User, number: int, theirs: bytes, proof: bytes) -> None:
        """Raises SRP_ID_INVALID for another question's answer, PASSWORD_HASH_INVALID for a wrong password."""
        check = self.checks.pop(number, None)
        if check is None or check.user != user.id:
            raise RpcError("SRP_ID_INVALID")
        theirs = theirs.rjust(_SIZE, b"\0")
        mix = int.from_bytes(_hash(theirs, check.public))
        base = int.from_bytes(theirs) * pow(_verifier(user.id, user.password), mix, _P)
        shared = _hash(pow(base, check.secret, _P).to_bytes(_SIZE))
        names = bytes(a ^ b for a, b in zip(_hash(PRIME), _hash(GENERATOR.to_bytes(_SIZE)), strict=True))
        kdf = algorithm(user.id)
        if proof != _hash(names, _hash(kdf.salt1), _hash(kdf.salt2), theirs, check.public, shared):
            raise RpcError("PASSWORD_HASH_INVALID")


def algorithm(user: int) -> types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow:
    """How clients make a number of a person's password."""
    kind = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow
    return kind(salt1=_hash(b"1", str(user).encode()), salt2=_hash(b"2", str(user).encode()), g=GENERATOR, p=PRIME)


def digits_of(number: str) -> str:
    """Raises PHONE_NUMBER_INVALID where it cannot be a phone number."""
    digits = "".join(letter for letter in number if letter.isdecimal())
    if not 7 <= len(digits) <= 15:
        raise RpcError("PHONE_NUMBER_INVALID")
    return digits


def active(key: "Key", user: User) -> None:
    """From here on the key is this person's."""
    key.user, key.pending, key.active = user.id, None, time.time()


@lru_cache(maxsize=256)
def _verifier(user: int, password: str) -> int:
    """What a server keeps of a password; costly by intention."""
    return pow(GENERATOR, int.from_bytes(srp.compute_hash(algorithm(user), password)), _P)


def _factor() -> int:
    return int.from_bytes(_hash(PRIME, GENERATOR.to_bytes(_SIZE)))


def _hash(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def _digits() -> str:
    return f"{int.from_bytes(os.urandom(4)) % 100_000:05}"
