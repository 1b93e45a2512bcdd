"""MemcachedStore: drafts in Memcached, which may lose them."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from hashlib import blake2b
from pathlib import Path
from socket import create_connection
from struct import Struct
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

from cachelib import MemcachedCache
from pymemcache import (  # type: ignore[import-untyped]
    Client,
    MemcacheError,
    MemcacheUnexpectedCloseError,
)
from pymemcache.client.retrying import (  # type: ignore[import-untyped]
    RetryingClient,
)

from flask_wizard.errors import (
    ConfigurationError,
    DefinitionError,
    StoreError,
    UnreadableDraftError,
)
from flask_wizard.stores import seconds_in
from flask_wizard.stores.encoding import Framed, frame, unframe

CONNECT_TIMEOUT = 1.0  # seconds
READ_TIMEOUT = 2.0  # seconds
LONGEST_RELATIVE = 30 * 24 * 60 * 60  # seconds; Memcached counts more from 1970
MARGIN = 5  # seconds

PORT = 11211
PREFIX = "flask_wizard:"
EXPIRY = Struct("<d")  # before each blob, in seconds since the epoch

ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.-]+))"
    r"(?::(?P<port>\d{1,5})(?::\d+)?)?"  # and a weight, which is ignored
)
KEY_START = re.compile(rb"[\x21-\x7e\x80-\xff]{1,150}")  # Memcached takes 250 in all
WITHOUT_CAS = "runs with -C, which leaves it without compare-and-set"
EXAMPLE = "memcached://host:11211,other:11211"

Address = tuple[str, int] | str
Result = TypeVar("Result")


class Servers(NamedTuple):
    """The servers of a store, and how to use them."""

    addresses: tuple[Address, ...]
    #: The string after ``flask_wizard:`` in each key.
    prefix: str = ""
    #: In seconds.
    connect_timeout: float = CONNECT_TIMEOUT
    #: In seconds.
    read_timeout: float = READ_TIMEOUT


class MemcachedStore:
    """Stores drafts on the servers of ``cache``, as values of its own.

    A restart of a server loses its drafts; a full server may evict drafts without an
    error. A hash of the key chooses the one server of a draft: every process must name
    the servers alike.
    """

    def __init__(self, cache: MemcachedCache | Servers) -> None:
        servers = cache if isinstance(cache, Servers) else _servers_of(cache)
        self._start = f"{PREFIX}{servers.prefix}".encode()
        if not KEY_START.fullmatch(self._start):
            raise ConfigurationError(
                f"The prefix of Memcached's keys is {servers.prefix!r}. Expected is a "
                "short one without white space."
            )
        self._servers = [_Server(address, servers) for address in servers.addresses]

    @classmethod
    def from_url(cls, url: str, folder: Path) -> MemcachedStore:
        """Return a store for ``memcached://host:11211,other:11211``.

        A URL without a host names this machine; ``memcached:///its.socket`` names a
        socket. Options are ``?prefix=``, and in seconds ``connect_timeout`` and
        ``read_timeout``. Raise ConfigurationError for any other URL.
        """
        return cls(_servers_in(url))

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        name = self._name(key)
        return _unexpired(self._server(name).run(lambda client: client.get(name)))

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        name, value = self._name(key), _pack(blob, version, ttl)

        def add(client: Client) -> bool:
            if client.add(name, value, expire=_end(ttl), noreply=False):
                return True
            found, token = client.gets(name)
            if found is None or _unexpired(found) is not None:
                return False
            return _compare_and_set(client, name, value, token, ttl)

        return self._server(name).run(add)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        name, value = self._name(key), _pack(blob, version, ttl)

        def replace(client: Client) -> bool:
            found, token = client.gets(name)
            current = _unexpired(found)
            if current is None or current.version != expected:
                return False
            return _compare_and_set(client, name, value, token, ttl)

        return self._server(name).run(replace)

    def warnings(self) -> Iterator[str]:
        """Return a warning for each way to lose drafts. Raise StoreError."""
        yield (
            "Memcached may lose drafts: a restart loses all of them, as does clear() "
            "of a cache. Use another store for drafts that must last."
        )
        for server in self._servers:
            settings = server.run(lambda client: client.stats("settings"))
            if settings.get(b"cas_enabled") == b"no":
                yield f"No draft can be saved: {server.name} {WITHOUT_CAS}."
            if settings.get(b"evictions") == b"on":
                counts = server.run(lambda client: client.stats())
                yield (
                    f"{server.name} evicts values without an error when its memory is "
                    f"full, drafts included ({counts.get(b'evictions')} so far). "
                    "Start it with -M, so that visitors see an error instead."
                )

    def _name(self, key: str) -> bytes:
        return self._start + key.encode()

    def _server(self, name: bytes) -> _Server:
        """Return the server of a key. There is no failover: others lack the draft."""
        return max(self._servers, key=lambda server: server.weight(name))


class _Server:
    """One server, and a pool of connections to it that no thread uses."""

    def __init__(self, address: Address, servers: Servers) -> None:
        place = address if isinstance(address, str) else "{}:{}".format(*address)
        self.name = f"Memcached at {place}"
        self._place = place.encode()
        self._address = address
        self._limits = {
            "connect_timeout": servers.connect_timeout,
            "timeout": servers.read_timeout,
        }
        self._free: list[Client] = []
        self._process = os.getpid()

    def weight(self, name: bytes) -> bytes:
        return blake2b(self._place + b" " + name, digest_size=8).digest()

    def run(self, call: Callable[[Client], Result]) -> Result:
        """Make a call on a connection. Raise StoreError.

        If the server has closed the connection, as a restart does, this repeats the
        call on a new one. If only the reply was lost, the repeated write is refused;
        the caller then loads the value, and finds its own version.
        """
        with self._store_errors():
            client = self._take_connection()
            if client.sock is not None:
                try:
                    return self._run(client, call)
                except (ConnectionError, MemcacheUnexpectedCloseError):
                    client = self._new()
            return self._run(client, call)

    def _run(self, client: Client, call: Callable[[Client], Result]) -> Result:
        result = call(client)
        self._free.append(client)  # not after a failure: the reply may still come
        return result

    def _take_connection(self) -> Client:
        if self._process != os.getpid():
            self._free.clear()  # the parent's connections: it might get our replies
            self._process = os.getpid()
        try:
            return self._free.pop()
        except IndexError:
            return self._new()

    def _new(self) -> Client:
        return _Client(self._address, **self._limits)

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        # pymemcache raises the last two if it reads a reply that is not Memcached's.
        except (MemcacheError, OSError, ValueError, KeyError) as error:
            said = str(error) or type(error).__name__
            raise StoreError(f"Drafts in {self.name}: {said}") from error


class _Client(Client):  # type: ignore[misc]
    """One connection, opened at its first use, for one thread at a time."""

    def __del__(self) -> None:
        self.close()

    def _connect(self) -> None:
        if isinstance(self.server, str):
            super()._connect()
            return
        # pymemcache tries one address of a name: ::1 of localhost, but not 127.0.0.1.
        self.close()
        self.sock = create_connection(self.server, self.connect_timeout)
        self.sock.settimeout(self.timeout)


def _compare_and_set(
    client: Client, name: bytes, value: bytes, token: bytes, ttl: int
) -> bool:
    if token == b"0":
        raise MemcacheError(f"it {WITHOUT_CAS}")
    return bool(client.cas(name, value, token, expire=_end(ttl)))


def _end(ttl: int) -> int:
    """Return when Memcached is to remove a value: never before it has expired.

    Memcached counts the ticks of a clock, the first of which may come at once, or late
    on a busy machine.
    """
    seconds = ttl + MARGIN
    if seconds > LONGEST_RELATIVE:
        return math.ceil(time.time()) + seconds
    return seconds


def _pack(blob: bytes, version: bytes, ttl: int) -> bytes:
    return frame(EXPIRY.pack(time.time() + ttl) + blob, version)


def _unexpired(found: bytes | None) -> Framed | None:
    """Return blob and version of a value, or None if it is absent or has expired.

    Raise UnreadableDraftError.
    """
    if found is None:
        return None
    content, version = unframe(found)
    if len(content) < EXPIRY.size:
        raise UnreadableDraftError(
            "A draft's value is damaged: it ends before its blob."
        )
    (expires,) = EXPIRY.unpack_from(content)
    return Framed(content[EXPIRY.size :], version) if expires > time.time() else None


def _servers_in(url: str) -> Servers:
    """Return the servers in a URL.

    Raise ConfigurationError without the URL, which may have a password in it.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    prefix = options.pop("prefix", "")
    limits = {
        name: seconds_in(name, options.pop(name))
        for name in ("connect_timeout", "read_timeout")
        if name in options
    }
    if options:
        raise ConfigurationError(
            f"The store's URL has the options {sorted(options)}. "
            "Known are prefix, connect_timeout, read_timeout."
        )
    path = parts.path.rstrip("/")
    specs = parts.netloc.split(",") if parts.netloc or not path else [path]
    try:
        addresses = tuple(_address(spec or "127.0.0.1") for spec in specs)
        if parts.netloc and path:
            raise ValueError(path)
    except ValueError:
        raise ConfigurationError(
            f"The store's URL names no Memcached. Expected is {EXAMPLE}; there are no "
            "passwords."
        ) from None
    return Servers(addresses, prefix, **limits)


def _servers_of(cache: MemcachedCache) -> Servers:
    """Return the servers of a cache's client, of any library. Raise DefinitionError."""
    reserve = getattr(cache, "_client_context", lambda: nullcontext(cache._client))
    with reserve() as client:
        try:
            addresses = tuple(_address(spec) for spec in _specs(client))
        except ValueError:
            addresses = ()
        if not addresses:
            found = type(client)
            raise DefinitionError(
                f"The MemcachedCache has a {found.__module__}.{found.__qualname__}, "
                "which does not say which servers it uses. Name them in a URL, as in "
                f"{EXAMPLE}."
            )
    return Servers(addresses, cache.key_prefix or "")


def _specs(client: Any) -> list[Any]:
    if isinstance(client, RetryingClient):
        client = client._client
    if hasattr(client, "server"):  # pymemcache
        return [client.server]
    if hasattr(client, "clients"):  # its HashClient
        return [one.server for one in client.clients.values()]
    if hasattr(client, "addresses"):  # pylibmc
        return list(client.addresses)
    servers = getattr(client, "servers", ())
    # python-memcached has objects; libmc has strings, which an alias may follow.
    return [getattr(spec, "address", str(spec).split(" ")[0]) for spec in servers]


def _address(spec: Any) -> Address:
    """Return the address of a server, as any of the libraries names it.

    Raise ValueError.
    """
    if isinstance(spec, tuple):
        host, port = spec[-2:]  # pylibmc has a number before them
        return str(host), int(port)
    text = str(spec).removeprefix("unix:")
    if text.startswith("/"):
        return text
    found = ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found["v6"] or found["host"], int(found["port"] or PORT)
