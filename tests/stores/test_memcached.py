"""The Memcached store: the contract on real servers, and what is its alone."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from socket import create_server, getaddrinfo
from typing import Any

import libmc  # type: ignore[import-untyped]
import memcache  # type: ignore[import-untyped]
import pymemcache  # type: ignore[import-untyped]
import pytest
from apps import MakeApp
from cachelib import MemcachedCache
from memcached_servers import MemcachedServer, MemcachedSocket
from proxy import Proxy
from pymemcache.client.retrying import (  # type: ignore[import-untyped]
    RetryingClient,
)
from scripts import run_script
from servers import PATIENCE, free_port, running
from store_wrappers import put
from visitor import Visitor
from wizards import Join, committed

from flask_wizard.drafts.encrypted_store import EncryptedStore, StoredVersion
from flask_wizard.drafts.keyring import Keyring, Kind
from flask_wizard.errors import ConfigurationError, DefinitionError, StoreError
from flask_wizard.stores import memcached, new_version
from flask_wizard.stores.memcached import MemcachedStore
from flask_wizard.stores.registry import open_store
from flask_wizard.testing.store_contract import (
    Full,
    FullContract,
    OutageContract,
    Reopen,
    ServerContract,
    SharedStoreContract,
)

TTL = 60
prefixes = (f"test{number}:" for number in count())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemcachedServer]:
    """One server for all tests that leave it as it is."""
    server = MemcachedServer(tmp_path_factory.mktemp("shared"))
    with running(server):
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MemcachedServer]:
    """A server to be stopped and frozen."""
    server = MemcachedServer(tmp_path / "server")
    with running(server):
        yield server


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[MemcachedServer]:
    server = MemcachedServer(tmp_path / "other")
    with running(server):
        yield server


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[MemcachedServer]:
    """Of the least memory that it takes, without evictions."""
    server = MemcachedServer(tmp_path / "small", "-m", "2", "-M")
    with running(server):
        yield server


@pytest.fixture
def proxy(shared: MemcachedServer) -> Iterator[Proxy]:
    proxy = Proxy(shared.port)
    yield proxy
    proxy.kill()


@pytest.fixture
def prefix() -> str:
    """What only this test's keys begin with."""
    return next(prefixes)


@pytest.fixture
def url(shared: MemcachedServer, prefix: str) -> str:
    return f"{shared.url}?prefix={prefix}"


@pytest.fixture
def store(url: str) -> MemcachedStore:
    return opened(url)


def opened(url: str) -> MemcachedStore:
    return MemcachedStore.from_url(url, Path())


class TestMemcachedStore(SharedStoreContract, OutageContract):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, url: str, tmp_path: Path) -> Reopen:
        return partial(open_store, url, tmp_path)

    @pytest.fixture
    def store(self, shared: MemcachedServer, prefix: str) -> MemcachedStore:
        client = pymemcache.PooledClient(shared.address)
        return MemcachedStore(MemcachedCache(client, key_prefix=prefix))

    @pytest.fixture
    def broken_store(self) -> MemcachedStore:
        return opened(f"memcached://127.0.0.1:{free_port()}")


class TestMemcachedServer(ServerContract):
    @pytest.fixture
    def store(self, server: MemcachedServer) -> MemcachedStore:
        return opened(f"{server.url}?read_timeout=4")


class TestMemcachedServerThatIsFull(FullContract):
    @pytest.fixture
    def store(self, small_server: MemcachedServer) -> MemcachedStore:
        return opened(small_server.url)

    @pytest.fixture
    def full(self, small_server: MemcachedServer) -> Iterator[Full]:
        client = pymemcache.Client(small_server.address, default_noreply=False)

        @contextmanager
        def full() -> Iterator[None]:
            ballast = [f"ballast{number}" for number in range(1000)]
            with suppress(pymemcache.MemcacheServerError):  # out of memory
                for key in ballast:
                    client.set(key, bytes(200_000))
            yield
            client.delete_many(ballast)

        with closing(client):
            yield full


# Lifetimes


@pytest.fixture
def raw(shared: MemcachedServer, prefix: str) -> Iterator[Any]:
    """Reads and writes what the server has, whatever the store thinks of it."""
    start = f"flask_wizard:{prefix}"
    client = pymemcache.Client(shared.address, key_prefix=start, default_noreply=False)
    with closing(client):
        yield client


def test_server_removes_nothing_early(store: MemcachedStore) -> None:
    """Whenever it was written: Memcached counts the ticks of a clock."""
    ends: dict[str, float] = {}
    for key in (f"key{number}" for number in range(20)):
        ends[key] = time.time() + 2
        store.create(key, b"blob", new_version(), 2)
        time.sleep(0.05)
    for key, end in ends.items():
        while time.time() < end - 0.05:
            found = store.load(key)
            assert found is not None or time.time() >= end
            time.sleep(0.05)


def test_server_removes_what_has_expired(store: MemcachedStore, raw: Any) -> None:
    """The replaced value with its new lifetime, not the former one."""

    def wait_until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    short, long = new_version(), new_version()
    store.create("created", b"blob", new_version(), 1)
    store.create("shortened", b"blob", long, TTL)
    store.replace("shortened", b"blob", new_version(), long, 1)
    store.create("renewed", b"blob", short, 1)
    store.replace("renewed", b"blob", new_version(), short, TTL)
    wait_until(lambda: raw.get("created") is None and raw.get("shortened") is None)
    assert raw.get("renewed") is not None


# The cache of the application


@pytest.mark.parametrize(
    "connect",
    [
        lambda address: memcache.Client([address]),
        lambda address: libmc.Client([address]),
        lambda address: libmc.Client([f"{address} alias"]),
        lambda address: pymemcache.Client(address),
        lambda address: pymemcache.PooledClient(address),
        lambda address: pymemcache.HashClient([address]),
        lambda address: RetryingClient(pymemcache.Client(address)),
        lambda address: [address],
    ],
    ids=[
        "python-memcached",
        "libmc",
        "libmc with an alias",
        "pymemcache",
        "pymemcache, pooled",
        "pymemcache, hashed",
        "pymemcache, retrying",
        "what cachelib finds",
    ],
)
def test_cache_says_where_its_servers_are(
    connect: Callable[[str], Any], shared: MemcachedServer, url: str, prefix: str
) -> None:
    cache = MemcachedCache(connect(shared.address), key_prefix=prefix)
    given = open_store(cache, Path("unused"))
    assert isinstance(given, MemcachedStore)
    put(given, "key", b"by the cache")
    kept = opened(url).load("key")
    assert kept is not None
    assert kept[0] == b"by the cache"


class PylibmcClient:
    """What pylibmc's has; that package has no wheels for newer Pythons."""

    def __init__(self, *addresses: object) -> None:
        self.addresses = list(addresses)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("one", "one:11211"),
        ("one:1234", "one:1234"),
        ("one:1234:2", "one:1234"),
        ("[::1]:1234", "::1:1234"),
        ("/run/memcached.sock", "/run/memcached.sock"),
        ((1, "one", 1234), "one:1234"),
    ],
)
def test_pylibmc_names_its_servers(spec: object, name: str) -> None:
    store = MemcachedStore(MemcachedCache(PylibmcClient(spec)))
    assert [server.name for server in store._servers] == [f"Memcached at {name}"]


@pytest.mark.parametrize(
    "client",
    [object(), PylibmcClient(), PylibmcClient("udp:one:1234")],
    ids=["unknown", "without servers", "over UDP"],
)
def test_client_that_names_no_servers_is_refused(client: object) -> None:
    with pytest.raises(DefinitionError, match="does not say which servers") as raised:
        MemcachedStore(MemcachedCache(client))
    assert type(client).__name__ in str(raised.value)


def test_values_of_the_cache_are_its_own(
    store: MemcachedStore, shared: MemcachedServer, prefix: str
) -> None:
    with closing(pymemcache.Client(shared.address)) as client:
        cache = MemcachedCache(client, key_prefix=prefix)
        cache.set("key", b"the cache's")
        assert MemcachedStore(cache).load("key") is None
        put(store, "key")
        assert cache.get("key") == b"the cache's"


# URLs


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("memcached://", ["127.0.0.1:11211"]),
        ("memcached:", ["127.0.0.1:11211"]),
        ("memcached://one", ["one:11211"]),
        ("memcached://one:1,two:2", ["one:1", "two:2"]),
        ("memcached://one:1,two:2/", ["one:1", "two:2"]),
        ("memcached://[::1]:1,two", ["::1:1", "two:11211"]),
        ("memcached:///run/m.sock?prefix=x", ["/run/m.sock"]),
    ],
)
def test_url_names_servers(url: str, names: list[str]) -> None:
    found = [server.name for server in opened(url)._servers]
    assert found == [f"Memcached at {name}" for name in names]


@pytest.mark.parametrize(
    "url",
    [
        "memcached://user:secret@one",
        "memcached://one:secret",
        "memcached://one/secret",
        "memcached://one two",
    ],
)
def test_url_that_names_no_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="names no Memcached") as raised:
        opened(url)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("prefx=x", r"\['prefx'\]. Known are prefix, connect_timeout, read_timeout"),
        ("read_timeout=0", "read_timeout in the store's URL is '0'"),
        ("connect_timeout=soon", "connect_timeout in the store's URL is 'soon'"),
        ("prefix=a%20b", "Expected is a short one without white space"),
        (f"prefix={'x' * 150}", "Expected is a short one without white space"),
    ],
)
def test_option_that_will_not_do_is_refused(query: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        opened(f"memcached://?{query}")


def test_prefixes_keep_drafts_apart(shared: MemcachedServer, prefix: str) -> None:
    one, two = (opened(f"{shared.url}?prefix={prefix}{end}") for end in "12")
    put(one, "key")
    assert two.load("key") is None


def test_prefix_may_have_any_letters(shared: MemcachedServer, prefix: str) -> None:
    store = opened(f"{shared.url}?prefix={prefix}größe")
    version = put(store, "key")
    assert store.load("key") == (b"blob", version)


def test_socket_is_a_place(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be short
        os.chmod(folder, 0o777)
        server = MemcachedSocket(Path(folder))
        with running(server):
            store = opened(server.url)
            version = put(store, "key")
            assert store.load("key") == (b"blob", version)


def test_every_address_of_a_name_is_tried(
    shared: MemcachedServer, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = free_port()

    def lookup(host: str, port: int, *rest: Any) -> Any:
        if host != "memcached.test":
            return getaddrinfo(host, port, *rest)
        return [
            found
            for number in (dead, port)
            for found in getaddrinfo("127.0.0.1", number, *rest)
        ]

    monkeypatch.setattr("socket.getaddrinfo", lookup)
    store = opened(f"memcached://memcached.test:{shared.port}?prefix={prefix}")
    put(store, "key")
    assert store.load("key") is not None


# Several servers


def test_drafts_are_spread_over_the_servers(
    server: MemcachedServer, other_server: MemcachedServer
) -> None:
    store = opened(f"{server.url},{other_server.address}")
    for number in range(100):
        put(store, f"key{number}")
    alone = opened(server.url)
    here = [alone.load(f"key{number}") is not None for number in range(100)]
    assert 20 < here.count(True) < 80


def test_order_of_the_servers_does_not_matter(
    server: MemcachedServer, other_server: MemcachedServer
) -> None:
    store = opened(f"{server.url},{other_server.address}")
    turned = opened(f"{other_server.url},{server.address}")
    for number in range(20):
        put(store, f"key{number}")
    assert None not in [turned.load(f"key{number}") for number in range(20)]


def test_no_other_server_stands_in(
    server: MemcachedServer, other_server: MemcachedServer
) -> None:
    """Or what the one that is down has would be taken for absent, and made again."""

    def answer(store: MemcachedStore, key: str) -> str:
        try:
            return "absent" if store.load(key) is None else "kept"
        except StoreError:
            return "down"

    store = opened(f"{server.url},{other_server.address}")
    for number in range(20):
        put(store, f"key{number}")
    other_server.kill()
    answers = [answer(store, f"key{number}") for number in range(20)] * 3
    assert set(answers) == {"kept", "down"}


# Trouble


def test_limits_are_one_and_two_seconds(store: MemcachedStore) -> None:
    client = store._servers[0]._new()
    assert (client.connect_timeout, client.timeout) == (1, 2)


def test_restart_forgets(server: MemcachedServer) -> None:
    store = opened(server.url)
    version = put(store, "key")
    server.stop()
    server.start()
    assert store.load("key") is None
    assert not store.replace("key", b"new", new_version(), version, TTL)


def test_full_server_takes_nothing_new(small_server: MemcachedServer) -> None:
    store = opened(small_server.url)
    with pytest.raises(StoreError, match="out of memory") as raised:
        fill(store)
    assert raised.value.__cause__ is not None


def fill(store: MemcachedStore) -> None:
    for number in range(1000):
        put(store, f"filling{number}", os.urandom(50_000))


def test_value_that_is_too_big_leaves_the_old_one(store: MemcachedStore) -> None:
    version = put(store, "key", b"first")
    with pytest.raises(StoreError, match="too large") as raised:
        store.replace("key", bytes(2_000_000), new_version(), version, TTL)
    assert raised.value.__cause__ is not None
    assert store.load("key") == (b"first", version)


def test_server_without_compare_and_set_is_no_conflict(tmp_path: Path) -> None:
    server = MemcachedServer(tmp_path / "server", "-C")
    with running(server):
        store = opened(server.url)
        version = put(store, "key")
        with pytest.raises(StoreError, match="runs with -C"):
            store.replace("key", b"new", new_version(), version, TTL)


@pytest.mark.parametrize(
    "said",
    [
        b"VALUE\r\n",
        b"VALUE another 0 1\r\nx\r\nEND\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SERVER_ERROR out of memory writing get response\r\n",
        b"ERROR Too many open connections\r\n",
        b"",
    ],
)
def test_anything_else_that_answers_is_an_outage(said: bytes) -> None:
    with create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1000)
                client.sendall(said)

        thread = threading.Thread(target=talk)
        thread.start()
        store = opened(f"memcached://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(StoreError) as raised:
            store.load("key")
        assert raised.value.__cause__ is not None
        thread.join()


@pytest.mark.parametrize(
    "value", [b"", b"another's", b"x" * 200, b"fwz1", b"fwz1" + b"x" * 20]
)
def test_damaged_value_is_reported(
    value: bytes, store: MemcachedStore, raw: Any
) -> None:
    raw.set("key", value)
    version = new_version()
    with pytest.raises(StoreError, match="damaged"):
        store.load("key")
    with pytest.raises(StoreError, match="damaged"):
        store.create("key", b"blob", version, TTL)
    with pytest.raises(StoreError, match="damaged"):
        store.replace("key", b"blob", version, version, TTL)
    assert raw.get("key") == value


# Lost replies


@pytest.fixture
def encrypted_store(proxy: Proxy, prefix: str) -> EncryptedStore:
    """On a network that can be told to lose replies, and with a connection in use."""
    store = opened(f"memcached://127.0.0.1:{proxy.port}?prefix={prefix}")
    assert store.load("nothing") is None
    return EncryptedStore(store, Keyring(["secret"]), compress_above=999)


@pytest.fixture
def version(encrypted_store: EncryptedStore) -> StoredVersion:
    return encrypted_store.load("draft", "one")[1]


def test_lost_reply_to_a_creation(
    encrypted_store: EncryptedStore, version: StoredVersion, proxy: Proxy
) -> None:
    proxy.lose_replies()
    encrypted_store.save(version, b"first", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert encrypted_store.load("draft", "one")[0] == b"first"


def test_lost_reply_to_a_comparison(
    encrypted_store: EncryptedStore, version: StoredVersion, proxy: Proxy
) -> None:
    version = encrypted_store.save(version, b"first", kind=Kind.DRAFT, ttl=TTL)
    proxy.lose_replies()
    encrypted_store.save(version, b"second", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert encrypted_store.load("draft", "one")[0] == b"second"


def test_lost_reply_to_a_replacement(
    encrypted_store: EncryptedStore,
    version: StoredVersion,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = encrypted_store.save(version, b"first", kind=Kind.DRAFT, ttl=TTL)
    cas = pymemcache.Client.cas

    def lossy(client: Any, *arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        proxy.lose_replies()
        return cas(client, *arguments, **options)

    monkeypatch.setattr(memcached._Client, "cas", lossy)
    encrypted_store.save(version, b"second", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert encrypted_store.load("draft", "one")[0] == b"second"


def test_lost_reply_on_a_new_connection(proxy: Proxy, prefix: str) -> None:
    store = opened(f"memcached://127.0.0.1:{proxy.port}?prefix={prefix}")
    version = new_version()
    proxy.lose_replies()
    with pytest.raises(StoreError, match="UnexpectedClose"):
        store.create("key", b"blob", version, TTL)
    assert not store.create("key", b"blob", version, TTL)
    assert store.load("key") == (b"blob", version)


# Processes


def test_forked_processes_share_no_connection(url: str) -> None:
    script = """
    import os, sys
    from pathlib import Path
    from flask_wizard.stores import new_version
    from flask_wizard.stores.memcached import MemcachedStore

    store = MemcachedStore.from_url(sys.argv[1], Path())

    def work(key):
        version = new_version()
        assert store.create(key, key.encode(), version, 60)
        for _ in range(300):
            assert store.load(key) == (key.encode(), version)

    store.load("nothing")
    children = []
    for number in range(4):
        child = os.fork()
        if not child:
            work(f"key{number}")
            os._exit(0)
        children.append(child)
    work("parent")
    print([os.waitpid(child, 0)[1] for child in children])
    """
    assert run_script(script, url) == "[0, 0, 0, 0]"


def test_missing_driver_is_named() -> None:
    script = """
    import sys
    from pathlib import Path
    sys.modules["pymemcache"] = None
    from flask_wizard.errors import ConfigurationError
    from flask_wizard.stores.registry import open_store

    try:
        open_store("memcached://", Path())
    except ConfigurationError as error:
        print(error)
    """
    said = run_script(script)
    assert "MemcachedStore needs pymemcache, which is not installed" in said
    assert "pip install 'flask-wizard-forms[memcached]'" in said


# Start-up


def test_start_warns_that_drafts_may_be_forgotten(
    small_server: MemcachedServer,
) -> None:
    (warning,) = opened(small_server.url).warnings()
    assert "may lose drafts" in warning


def test_start_warns_even_if_the_server_is_down() -> None:
    warnings = opened(f"memcached://127.0.0.1:{free_port()}").warnings()
    assert "may lose drafts" in next(warnings)
    with pytest.raises(StoreError):
        next(warnings)


def test_start_warns_of_evictions(store: MemcachedStore) -> None:
    _, warning = store.warnings()
    assert "evicts values" in warning
    assert "(0 so far)" in warning


def test_start_warns_of_evictions_that_were(tmp_path: Path) -> None:
    server = MemcachedServer(tmp_path / "server", "-m", "2")
    with running(server):
        store = opened(server.url)
        fill(store)
        _, warning = store.warnings()
        assert "(0 so far)" not in warning


def test_start_warns_of_each_server(
    server: MemcachedServer, other_server: MemcachedServer
) -> None:
    _, one, other = opened(f"{server.url},{other_server.address}").warnings()
    assert (server.address in one, other_server.address in other) == (True, True)


def test_start_warns_of_no_compare_and_set(tmp_path: Path) -> None:
    server = MemcachedServer(tmp_path / "server", "-C", "-M")
    with running(server):
        _, warning = opened(server.url).warnings()
        assert "No draft can be saved" in warning


# Whole journeys


@pytest.fixture
def visitor(make_app: MakeApp, server: MemcachedServer) -> Visitor:
    return Visitor(make_app(Join, store=server.url))


def test_journey_ends_in_its_commit(visitor: Visitor) -> None:
    visitor.open()
    visitor.fill(name="Ada")
    visitor.fill(pet="Rex")
    visitor.press("next")
    (submission,) = committed
    assert submission.data["pet"]["pet"] == "Rex"


def test_stopped_server_shows_what_was_typed(
    visitor: Visitor, server: MemcachedServer
) -> None:
    visitor.open()
    visitor.fill(name="Ada")
    server.stop()
    page = visitor.fill(pet="Rex")
    assert (page.status, page.value("pet")) == (503, "Rex")


def test_what_was_typed_outlives_a_restart(
    visitor: Visitor, server: MemcachedServer
) -> None:
    visitor.open()
    visitor.fill(name="Ada")
    server.stop()
    visitor.fill(pet="Rex")
    server.start()
    visitor.press("next")
    assert visitor.fill(name="Ada").value("pet") == "Rex"
