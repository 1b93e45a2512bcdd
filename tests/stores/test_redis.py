"""Drafts in Redis and Valkey: the contract, and what is theirs alone."""

from __future__ import annotations

import datetime
import ipaddress
import os
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis
import valkey
from apps import MakeApp
from cachelib import RedisCache
from cachelib.valkey import ValkeyCache
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from proxy import Mode, Proxy
from redis_servers import ClusterNode, RedisServer, Sentinel, valkey_engine
from scripts import run_script
from servers import free_port, running
from store_wrappers import put
from visitor import Visitor
from wizards import Join, committed
from wtforms import Form, fields

from flask_wizard import FlaskWizard, Step
from flask_wizard.drafts.encrypted_store import EncryptedStore
from flask_wizard.drafts.keyring import Keyring, Kind
from flask_wizard.errors import (
    ConfigurationError,
    DefinitionError,
    StoreError,
    UnreadableDraftError,
)
from flask_wizard.stores import CheckedStore, DraftStore, new_version
from flask_wizard.stores.redis import RedisStore
from flask_wizard.stores.redis_client import LIMITS, Cluster, Single, server_at
from flask_wizard.stores.registry import open_store
from flask_wizard.testing.store_contract import (
    Full,
    FullContract,
    ListingStoreContract,
    OutageContract,
    Reopen,
    ServerContract,
    SharedStoreContract,
    StoppableServer,
    StoreContract,
)

TTL = 60
numbers = count(step=1000)
UNUSED = Path("unused")

# Limits that a busy machine does not meet, and one that a test need not wait long for.
PATIENT: dict[str, Any] = {"socket_connect_timeout": 30, "socket_timeout": 30}
PATIENTLY = "?socket_connect_timeout=30&socket_timeout=30"
IMPATIENTLY = "?socket_timeout=4"

# The ways to say where the drafts are, by the port on this machine.
WAYS: dict[str, Callable[[int], object]] = {
    "redis URL": f"redis://127.0.0.1:{{}}{PATIENTLY}".format,
    "redis client": lambda port: redis.Redis(
        port=port, decode_responses=True, **PATIENT
    ),
    "RedisCache": lambda port: RedisCache(
        "127.0.0.1", port, key_prefix="site:", **PATIENT
    ),
    "redis cluster URL": f"redis+cluster://127.0.0.1:{{}}{PATIENTLY}".format,
    "valkey URL": f"valkey://127.0.0.1:{{}}{PATIENTLY}".format,
    "valkey client": lambda port: valkey.Valkey(
        port=port, decode_responses=True, **PATIENT
    ),
    "ValkeyCache": lambda port: ValkeyCache(
        "127.0.0.1", port, key_prefix="site:", **PATIENT
    ),
    "valkey cluster URL": f"valkey+cluster://127.0.0.1:{{}}{PATIENTLY}".format,
    "valkey cluster client": lambda port: valkey.ValkeyCluster(
        "127.0.0.1", port, **PATIENT
    ),
    "impatient redis": f"redis://127.0.0.1:{{}}{IMPATIENTLY}".format,
    "impatient redis cluster": f"redis+cluster://127.0.0.1:{{}}{IMPATIENTLY}".format,
    "impatient valkey": f"valkey://127.0.0.1:{{}}{IMPATIENTLY}".format,
    "impatient valkey cluster": f"valkey+cluster://127.0.0.1:{{}}{IMPATIENTLY}".format,
}

MakeServer = Callable[..., RedisServer]


# Servers


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), appendonly="yes")
    with running(server):
        yield server


@pytest.fixture(scope="module")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("valkey"), engine=valkey_engine())
    with running(server):
        yield server


@pytest.fixture(scope="module")
def front() -> Iterator[Proxy]:
    """What stands before the only node of ``proxied``."""
    proxy = Proxy(server_port=0)
    yield proxy
    proxy.kill()


@pytest.fixture(scope="module")
def proxied(
    tmp_path_factory: pytest.TempPathFactory, front: Proxy
) -> Iterator[ClusterNode]:
    """A cluster of one node, which tells everybody to use the proxy."""
    node = ClusterNode(
        tmp_path_factory.mktemp("proxied"),
        cluster_announce_port=str(front.port),
    )
    front.server_port = node.port
    with running(node):
        node.take(0, 16383)
        node.wait_until_whole()
        yield node


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterNode]:
    """A cluster of one node."""
    node = ClusterNode(tmp_path_factory.mktemp("cluster"), appendonly="yes")
    with running(node):
        node.take(0, 16383)
        node.wait_until_whole()
        yield node


@pytest.fixture
def fragile(front: Proxy, proxied: ClusterNode) -> Proxy:
    """The proxy before a cluster, which is ready to be killed."""
    front.start()
    proxied.send("FLUSHALL")
    return front


@pytest.fixture(scope="module")
def first_front() -> Iterator[Proxy]:
    """What stands before the first of ``nodes``."""
    proxy = Proxy(server_port=0)
    yield proxy
    proxy.kill()


@pytest.fixture(scope="module")
def nodes(
    tmp_path_factory: pytest.TempPathFactory, first_front: Proxy
) -> Iterator[list[ClusterNode]]:
    """A cluster of three."""
    folder = tmp_path_factory.mktemp("nodes")
    announced = {"cluster_announce_port": str(first_front.port)}
    first = ClusterNode(folder / "0", **announced)
    nodes = [first, ClusterNode(folder / "1"), ClusterNode(folder / "2")]
    first_front.server_port = first.port
    with running(*nodes):
        for number, node in enumerate(nodes):
            node.take(number * 5462, min(number * 5462 + 5461, 16383))
            node.meet(first)
        for node in nodes:
            node.wait_until("cluster_known_nodes:3", "CLUSTER", "INFO")
            node.wait_until_whole()
        yield nodes


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """A function that starts a server for one test alone, with options."""
    with ExitStack() as stack:

        def make(kind: type[RedisServer] = RedisServer, **options: str) -> RedisServer:
            server = kind(tmp_path / f"server{next(numbers)}", **options)
            stack.enter_context(running(server))
            return server

        yield make


def at(server: RedisServer | Proxy, **options: object) -> RedisStore:
    """A store by the URL of a server."""
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return RedisStore.from_url(f"redis://127.0.0.1:{server.port}/?{query}", UNUSED)


# The contract


class ContractOfBoth:
    """What all classes need: an empty server, whose values can be made to age."""

    ttl = 60

    @pytest.fixture
    def reopen(self, way: str, port: int) -> Reopen:
        return partial(open_store, WAYS[way](port), UNUSED)

    @pytest.fixture
    def store(self, reopen: Reopen) -> DraftStore:
        return reopen()

    @pytest.fixture
    def pass_time(self, port: int) -> Callable[[float], None]:
        """Take from every lifetime what has passed. That it ends is tested below."""

        def pass_time(seconds: float) -> None:
            with redis.Redis(port=port) as client:
                for key in client.scan_iter():
                    left = client.pttl(key)
                    assert left > 0
                    client.pexpire(key, left - int(seconds * 1000))

        return pass_time


class OnOneServer(ContractOfBoth):
    @pytest.fixture
    def port(self, way: str, request: pytest.FixtureRequest) -> int:
        name = "valkey_server" if "alkey" in way else "redis_server"
        server: RedisServer = request.getfixturevalue(name)
        server.send("FLUSHALL")
        return server.port


class OnCluster(ContractOfBoth):
    @pytest.fixture
    def port(self, cluster: ClusterNode) -> int:
        cluster.send("FLUSHALL")
        return cluster.port


@pytest.mark.parametrize("way", ["redis URL"])
class TestServer(OnOneServer, SharedStoreContract, ListingStoreContract): ...


@pytest.mark.parametrize(
    "way", ["redis client", "RedisCache", "valkey URL", "valkey client", "ValkeyCache"]
)
class TestOtherWaysToAServer(OnOneServer, StoreContract, ListingStoreContract): ...


@pytest.mark.parametrize("way", ["redis cluster URL", "valkey cluster client"])
class TestWaysToACluster(OnCluster, StoreContract, ListingStoreContract): ...


@pytest.mark.parametrize("way", ["impatient redis", "impatient valkey"])
class TestServerThatIsKilled(ContractOfBoth, ServerContract):
    @pytest.fixture
    def server(self, make_server: MakeServer) -> RedisServer:
        return make_server()

    @pytest.fixture
    def port(self, server: RedisServer) -> int:
        return server.port


@pytest.mark.parametrize("way", ["redis URL", "valkey URL"])
class TestServerThatIsFull(ContractOfBoth, FullContract):
    @pytest.fixture
    def server(self, make_server: MakeServer) -> RedisServer:
        return make_server()

    @pytest.fixture
    def port(self, server: RedisServer) -> int:
        return server.port

    @pytest.fixture
    def full(self, server: RedisServer) -> Full:
        @contextmanager
        def full() -> Iterator[None]:
            server.send("CONFIG", "SET", "maxmemory", "1")
            yield
            server.send("CONFIG", "SET", "maxmemory", "0")

        return full


@pytest.mark.parametrize("way", ["impatient redis cluster", "impatient valkey cluster"])
class TestClusterThatIsKilled(ContractOfBoth, ServerContract):
    @pytest.fixture
    def server(self, fragile: Proxy) -> StoppableServer:
        return fragile

    @pytest.fixture
    def port(self, fragile: Proxy) -> int:
        return fragile.port


# What cannot answer


class Stranger:
    """Listens, counts who calls, and answers everybody alike; silent without a word."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.calls = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._callers: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.calls += 1
            self._callers.append(caller)
            if self.answer:
                caller.sendall(self.answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for end in (self._listener, *self._callers):
            end.close()


@pytest.fixture
def silent() -> Iterator[Stranger]:
    stranger = Stranger()
    yield stranger
    stranger.close()


@pytest.fixture
def web_server() -> Iterator[Stranger]:
    stranger = Stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    yield stranger
    stranger.close()


class LoadingServer(RedisServer):
    """A server that is ready only in a long time, as it reads its file."""

    def answers(self) -> bool:
        return self.send("PING").startswith(("+PONG", "-LOADING"))


@pytest.fixture
def loading_server(make_server: MakeServer) -> RedisServer:
    server = make_server(LoadingServer)
    for number in range(100):
        server.send("SET", f"key{number}", os.urandom(2000).hex())
    server.send("SAVE")
    server.kill()
    server.options["key-load-delay"] = "200000"  # microseconds a key
    server.options["loading-process-events-interval-bytes"] = "1024"
    server.start()
    return server


@pytest.fixture
def guarded_server(make_server: MakeServer) -> RedisServer:
    server = make_server(requirepass="secret!", **{"enable-debug-command": "yes"})
    with redis.Redis(port=server.port, password="secret!") as client:
        client.execute_command("ACL SETUSER ann on >p@ss:w/rd ~* +@all")
        client.execute_command("ACL SETUSER bob on >bob ~* +ping")
        client.execute_command("ACL SETUSER eve on >eve ~* +@all -config -info")
        client.execute_command("ACL SETUSER dan on >dan ~* +@all -config")
    return server


class TestNobodyListens(OutageContract):
    @pytest.fixture(
        params=["redis URL", "valkey URL", "redis cluster URL", "valkey cluster URL"]
    )
    def broken_store(self, request: pytest.FixtureRequest) -> DraftStore:
        return open_store(WAYS[request.param](free_port()), UNUSED)


class TestSilence(OutageContract):
    @pytest.fixture
    def broken_store(self, silent: Stranger) -> DraftStore:
        return open_store(f"redis://127.0.0.1:{silent.port}?socket_timeout=0.2", UNUSED)


class TestAnotherProtocol(OutageContract):
    @pytest.fixture(
        params=["redis URL", "valkey URL", "redis cluster URL", "valkey cluster URL"]
    )
    def broken_store(
        self, request: pytest.FixtureRequest, web_server: Stranger
    ) -> DraftStore:
        return open_store(WAYS[request.param](web_server.port), UNUSED)


class TestNoEncryption(OutageContract):
    @pytest.fixture(params=["rediss", "valkeys", "rediss+cluster", "valkeys+cluster"])
    def broken_store(
        self, request: pytest.FixtureRequest, redis_server: RedisServer
    ) -> DraftStore:
        url = f"{request.param}://127.0.0.1:{redis_server.port}?socket_timeout=0.2"
        return open_store(url, UNUSED)


class TestNoCluster(OutageContract):
    @pytest.fixture(params=["redis cluster URL", "valkey cluster URL"])
    def broken_store(
        self, request: pytest.FixtureRequest, redis_server: RedisServer
    ) -> DraftStore:
        return open_store(WAYS[request.param](redis_server.port), UNUSED)


class TestClusterWithoutKeys(OutageContract):
    @pytest.fixture(params=["redis URL", "valkey URL", "redis cluster URL"])
    def broken_store(
        self, request: pytest.FixtureRequest, make_server: MakeServer
    ) -> DraftStore:
        node = make_server(ClusterNode)
        return open_store(WAYS[request.param](node.port), UNUSED)


class TestWrongPassword(OutageContract):
    @pytest.fixture(params=["", ":wrong@", "ann:wrong@", "bob:bob@"])
    def broken_store(
        self, request: pytest.FixtureRequest, guarded_server: RedisServer
    ) -> DraftStore:
        url = f"redis://{request.param}127.0.0.1:{guarded_server.port}"
        return open_store(url, UNUSED)


class TestLoading(OutageContract):
    @pytest.fixture(params=["redis URL", "valkey URL"])
    def broken_store(
        self, request: pytest.FixtureRequest, loading_server: RedisServer
    ) -> DraftStore:
        return open_store(WAYS[request.param](loading_server.port), UNUSED)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_silent_server_is_called_once(scheme: str, silent: Stranger) -> None:
    store = open_store(f"{scheme}://127.0.0.1:{silent.port}?socket_timeout=0.2", UNUSED)
    with pytest.raises(StoreError) as raised:
        store.load("key")
    assert isinstance(raised.value.__cause__, redis.TimeoutError | valkey.TimeoutError)
    assert silent.calls == 1


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_silent_node_is_called_once(scheme: str, silent: Stranger) -> None:
    url = f"{scheme}+cluster://127.0.0.1:{silent.port}?socket_timeout=0.2"
    with pytest.raises(StoreError):
        open_store(url, UNUSED).load("key")
    assert silent.calls == 1


def test_threads_do_not_queue_up_before_a_silent_cluster(fragile: Proxy) -> None:
    store = open_store(
        f"redis+cluster://127.0.0.1:{fragile.port}?socket_timeout=2", UNUSED
    )
    put(store, "key")
    start = threading.Barrier(40)

    def wait_in_vain() -> float:
        start.wait(30)
        before = time.monotonic()
        with pytest.raises(StoreError):
            store.load("key")
        return time.monotonic() - before

    with ThreadPoolExecutor(40) as threads:
        waiting = [threads.submit(wait_in_vain) for _ in range(39)]
        fragile.freeze()
        start.wait(30)
        waited = [future.result() for future in waiting]
    assert max(waited) < 20  # seconds; one after the other they would take 80


def test_threads_that_connect_at_once_have_one_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or one of them would put a client that is lost back in its place."""
    cluster = server_at("redis+cluster://127.0.0.1:1")
    both_are_here = threading.Barrier(2, timeout=30)

    def connect(cluster: Cluster) -> object:
        both_are_here.wait()
        return object()

    monkeypatch.setattr(Cluster, "_connect", connect)
    with ThreadPoolExecutor(2) as threads:
        used = [threads.submit(cluster.run, lambda client: client) for _ in range(2)]
    assert used[0].result() is used[1].result()


# Limits


def private_pool(store: DraftStore) -> Any:
    assert isinstance(store, RedisStore)
    assert isinstance(store._server, Single)
    return store._server.client.connection_pool


def limits_of(store: DraftStore) -> dict[str, Any]:
    """What is set for connecting and for reading, in seconds."""
    assert isinstance(store, RedisStore)
    if isinstance(store._server, Cluster):
        settings = store._server._settings
    else:
        settings = private_pool(store).connection_kwargs
    return {name: settings[name] for name in LIMITS}


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "rediss://host",
        "redis+cluster://host",
        "valkey://host",
        "valkey+cluster://host",
    ],
)
def test_calls_have_limits(url: str) -> None:
    limits = limits_of(open_store(url, UNUSED))
    assert limits == {"socket_connect_timeout": 1, "socket_timeout": 2}


HOSTS: dict[str, Callable[[], object]] = {
    "redis client": redis.Redis,
    "redis pool": lambda: redis.Redis(connection_pool=redis.ConnectionPool()),
    "redis socket": lambda: redis.Redis(unix_socket_path="socket"),
    "RedisCache": lambda: RedisCache("host"),
    "valkey client": valkey.Valkey,
    "valkey client from a URL": lambda: valkey.Valkey.from_url("valkey://host"),
    "ValkeyCache": lambda: ValkeyCache("host"),
}


@pytest.mark.parametrize("host", HOSTS)
def test_calls_of_a_host_have_limits(host: str) -> None:
    limits = limits_of(open_store(HOSTS[host](), UNUSED))
    assert limits == {"socket_connect_timeout": 1, "socket_timeout": 2}


@pytest.mark.parametrize("kind", [redis.RedisCluster, valkey.ValkeyCluster])
def test_calls_of_a_cluster_client_have_limits(kind: Any, cluster: ClusterNode) -> None:
    limits = limits_of(RedisStore(kind("127.0.0.1", cluster.port)))
    assert limits == {"socket_connect_timeout": 1, "socket_timeout": 2}


@pytest.mark.parametrize("scheme", ["redis", "valkey", "redis+cluster"])
def test_limits_of_a_url_count(scheme: str) -> None:
    url = f"{scheme}://host?socket_timeout=5&socket_connect_timeout=5"
    store = RedisStore.from_url(url, UNUSED)
    assert set(limits_of(store).values()) == {5}


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_connections_to_each_node_are_as_many_as_a_url_says(scheme: str) -> None:
    store = RedisStore.from_url(f"{scheme}+cluster://host?max_connections=7", UNUSED)
    assert isinstance(store._server, Cluster)
    assert store._server._settings["max_connections"] == 7


@pytest.mark.parametrize("kind", [redis.Redis, valkey.Valkey])
def test_limits_of_the_host_count(kind: Any) -> None:
    store = RedisStore(kind(socket_timeout=7, socket_connect_timeout=0.5))
    assert limits_of(store) == {"socket_connect_timeout": 0.5, "socket_timeout": 7}


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_threads_share_the_connections_there_may_be(
    scheme: str, redis_server: RedisServer
) -> None:
    url = f"{scheme}://127.0.0.1:{redis_server.port}?max_connections=2"
    store = open_store(url, UNUSED)
    version = put(store, f"shared by {scheme}")
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(store.load, [f"shared by {scheme}"] * 320))
    assert found == [(b"blob", version)] * 320


# Nothing of the host's is changed


def test_keys_are_named_for_the_wizard(make_server: MakeServer) -> None:
    server = make_server()
    put(at(server), "key")
    with redis.Redis(port=server.port) as client:
        assert client.keys() == [b"flask_wizard:key"]


@pytest.mark.parametrize("prefix", ["site:", lambda: "site:"])
def test_keys_have_the_prefix_of_the_cache(
    prefix: Any, make_server: MakeServer
) -> None:
    server = make_server()
    put(RedisStore(RedisCache(port=server.port, key_prefix=prefix)), "key")
    with redis.Redis(port=server.port) as client:
        assert client.keys() == [b"flask_wizard:site:key"]


def test_keys_are_in_the_database_of_the_url(make_server: MakeServer) -> None:
    server = make_server()
    store = RedisStore.from_url(f"redis://127.0.0.1:{server.port}/3", UNUSED)
    put(store, "key")
    with redis.Redis(port=server.port, db=3) as client:
        assert client.keys() == [b"flask_wizard:key"]


def test_host_cache_clears_only_its_own(redis_server: RedisServer) -> None:
    cache = RedisCache("127.0.0.1", redis_server.port, key_prefix="own:")
    cache.set("theirs", "value")
    store = RedisStore(cache)
    version = put(store, "cleared")
    cache.clear()
    assert cache.get("theirs") is None
    assert store.load("cleared") == (b"blob", version)


@pytest.mark.parametrize(
    ("kind", "cluster_kind"),
    [(redis.Redis, redis.RedisCluster), (valkey.Valkey, valkey.ValkeyCluster)],
)
def test_host_client_is_left_alone(
    kind: Any, cluster_kind: Any, redis_server: RedisServer, cluster: ClusterNode
) -> None:
    client = kind(port=redis_server.port, decode_responses=True)
    nodes = cluster_kind("127.0.0.1", cluster.port, decode_responses=True)
    settings = [
        client.connection_pool.connection_kwargs,
        nodes.get_connection_kwargs(),
    ]
    before = [dict(kept) for kept in settings]
    for host in (client, nodes):
        store, key = RedisStore(host), f"{kind} {host is nodes}"
        version = put(store, key)
        assert store.load(key) == (b"blob", version)
    assert settings == before
    assert not client.connection_pool._available_connections
    assert client.set("theirs", "text")
    assert client.get("theirs") == "text"


@pytest.mark.parametrize(
    ("package", "kind"),
    [("redis", redis.RedisCluster), ("valkey", valkey.ValkeyCluster)],
)
def test_function_that_a_host_connects_by_is_called(
    package: str, kind: Any, cluster: ClusterNode
) -> None:
    called: list[object] = []
    host = kind("127.0.0.1", cluster.port, **{f"{package}_connect_func": called.append})
    called.clear()
    store = RedisStore(host)
    put(store, f"connected by {package}")
    assert called
    assert isinstance(store._server, Cluster)
    assert store._server._settings[f"{package}_connect_func"] == called.append


@pytest.mark.parametrize("kind", [redis.RedisCluster, valkey.ValkeyCluster])
def test_addresses_that_a_host_replaces_are_replaced(
    kind: Any, fragile: Proxy, proxied: ClusterNode
) -> None:
    fragile.kill()
    here = ("127.0.0.1", proxied.port)
    host = kind(*here, address_remap=lambda announced: here)
    put(RedisStore(host), f"replaced for {kind}")


def test_fork_shares_no_connection(
    redis_server: RedisServer, cluster: ClusterNode
) -> None:
    script = """
    import os, sys
    from pathlib import Path
    from flask_wizard.stores import new_version
    from flask_wizard.stores.registry import open_store

    stores = [open_store(url, Path("unused")) for url in sys.argv[1:]]
    for store in stores:
        assert store.create("forked", b"", new_version(), 60)
    children = []
    for _ in range(4):
        children.append(os.fork())
        if not children[-1]:
            children = []
            break
    key = f"of {os.getpid()}"
    for store in stores:
        version = new_version()
        assert store.create(key, b"0", version, 60)
        for number in range(1, 50):
            blob = b"%d " % number + key.encode() * 100
            expected, version = version, new_version()
            assert store.replace(key, blob, version, expected, 60)
            assert store.load(key) == (blob, version)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    """
    run_script(
        script,
        f"redis://127.0.0.1:{redis_server.port}",
        f"valkey://127.0.0.1:{redis_server.port}/1",
        f"redis+cluster://127.0.0.1:{cluster.port}",
    )


# Values


def ttl_of(server: RedisServer, key: str) -> int:
    """The milliseconds that a value has left."""
    with redis.Redis(port=server.port) as client:
        return int(client.pttl(f"flask_wizard:{key}"))


def test_created_value_has_a_lifetime(redis_server: RedisServer) -> None:
    put(at(redis_server), "created", ttl=100)
    assert 0 < ttl_of(redis_server, "created") <= 100_000


def test_replaced_value_has_a_lifetime(redis_server: RedisServer) -> None:
    store = at(redis_server)
    version = put(store, "replaced", ttl=100)
    assert store.replace("replaced", b"more", new_version(), version, 500)
    assert 100_000 < ttl_of(redis_server, "replaced") <= 500_000


@pytest.mark.parametrize("way", ["redis URL", "redis cluster URL"])
def test_server_ends_lifetimes_by_its_own_clock(
    way: str, redis_server: RedisServer, cluster: ClusterNode
) -> None:
    port = cluster.port if "cluster" in way else redis_server.port
    store = open_store(WAYS[way](port), UNUSED)
    put(store, "short", ttl=1)
    long = put(store, "long", ttl=TTL)
    time.sleep(1.1)
    assert store.load("short") is None
    assert store.load("long") == (b"blob", long)


def test_forgotten_script_is_sent_again(redis_server: RedisServer) -> None:
    store = at(redis_server)
    version = put(store, "scripted")
    redis_server.send("SCRIPT", "FLUSH")
    assert store.replace("scripted", b"more", new_version(), version, TTL)


@pytest.fixture(params=["HSET own field 1", "RPUSH own 1", "SADD own 1"])
def own_type(request: pytest.FixtureRequest, make_server: MakeServer) -> RedisServer:
    """A server where somebody else uses our key, for another type of value."""
    server = make_server()
    server.send(*request.param.replace("own", "flask_wizard:key").split())
    return server


def test_value_of_another_type_is_not_read(own_type: RedisServer) -> None:
    with pytest.raises(StoreError, match="WRONGTYPE"):
        at(own_type).load("key")


def test_value_of_another_type_is_not_overwritten(own_type: RedisServer) -> None:
    before = own_type.send("DUMP", "flask_wizard:key")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        at(own_type).create("key", b"blob", new_version(), TTL)
    with pytest.raises(StoreError, match="WRONGTYPE"):
        at(own_type).replace("key", b"blob", new_version(), new_version(), TTL)
    assert own_type.send("DUMP", "flask_wizard:key") == before


def test_foreign_text_is_not_read(make_server: MakeServer) -> None:
    server = make_server()
    for text in ("", "f", "fwz", "text", "fwz1", "fwz1\x0cshort", "fwz2" + "x" * 40):
        server.send("SET", "flask_wizard:key", text)
        with pytest.raises(StoreError, match="damaged"):
            at(server).load("key")


@pytest.mark.parametrize("text", ["", "text"])
def test_foreign_text_is_not_overwritten(text: str, make_server: MakeServer) -> None:
    server = make_server()
    server.send("SET", "flask_wizard:key", text)
    assert not at(server).create("key", b"blob", new_version(), TTL)
    assert not at(server).replace("key", b"blob", new_version(), b"", TTL)
    assert server.send("GET", "flask_wizard:key") == f"${len(text)}\r\n{text}\r\n"


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (str(self.path), os.O_CREAT)


def test_planted_pickle_does_not_run(redis_server: RedisServer, tmp_path: Path) -> None:
    cache = RedisCache("127.0.0.1", redis_server.port, key_prefix="flask_wizard:")
    cache.set("key", Bomb(tmp_path / "exploded"))
    with pytest.raises(StoreError, match="damaged"):
        at(redis_server).load("key")
    assert not (tmp_path / "exploded").exists()


def test_planted_pickle_within_a_value_does_not_run(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    store = at(redis_server)
    put(store, "planted", pickle.dumps(Bomb(tmp_path / "exploded")))
    loaded = store.load("planted")
    assert loaded is not None
    with pytest.raises(UnreadableDraftError):
        Keyring(["secret"]).decrypt(loaded[0], b"key", [Kind.DRAFT])
    assert not (tmp_path / "exploded").exists()


# Lost replies


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    proxy = Proxy(redis_server.port)
    yield proxy
    proxy.kill()


def calls_of(server: RedisServer, command: str) -> int:
    with redis.Redis(port=server.port) as client:
        found = client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})
    return int(found["calls"])


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_lost_reply_to_a_first_write_is_recognised(
    scheme: str, redis_server: RedisServer, proxy: Proxy
) -> None:
    store = open_store(f"{scheme}://127.0.0.1:{proxy.port}", UNUSED)
    encrypted_store = EncryptedStore(store, Keyring(["secret"]), compress_above=999)
    _plain, version = encrypted_store.load("draft", f"new {scheme}")
    redis_server.send("CONFIG", "RESETSTAT")
    proxy.lose_replies(1)
    kept = encrypted_store.save(version, b"answers", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert calls_of(redis_server, "eval") == 2
    assert calls_of(redis_server, "set") == 1
    assert encrypted_store.load("draft", f"new {scheme}") == (b"answers", kept)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_lost_reply_to_a_later_write_is_recognised(
    scheme: str, redis_server: RedisServer, proxy: Proxy
) -> None:
    store = open_store(f"{scheme}://127.0.0.1:{proxy.port}", UNUSED)
    encrypted_store = EncryptedStore(store, Keyring(["secret"]), compress_above=999)
    version = encrypted_store.save(
        encrypted_store.load("draft", f"old {scheme}")[1],
        b"first",
        kind=Kind.DRAFT,
        ttl=TTL,
    )
    redis_server.send("CONFIG", "RESETSTAT")
    proxy.lose_replies(1)
    kept = encrypted_store.save(version, b"second", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert calls_of(redis_server, "set") == 1
    assert encrypted_store.load("draft", f"old {scheme}") == (b"second", kept)


def test_replies_that_never_come_are_an_outage(proxy: Proxy) -> None:
    store = at(proxy, socket_timeout=2)
    version = put(store, "unheard")
    proxy.mode = Mode.DROP_REPLIES
    after = new_version()
    with pytest.raises(StoreError) as raised:
        store.replace("unheard", b"more", after, version, TTL)
    assert isinstance(raised.value.__cause__, redis.TimeoutError)
    proxy.mode = Mode.PASS
    assert store.load("unheard") == (b"more", after)


def test_connections_that_always_break_are_an_outage(proxy: Proxy) -> None:
    store = at(proxy)
    version = put(store, "broken")
    proxy.mode = Mode.CUT_REPLIES
    with pytest.raises(StoreError) as raised:
        store.replace("broken", b"more", new_version(), version, TTL)
    assert isinstance(raised.value.__cause__, redis.ConnectionError)


# A server that restarts, is full, or is demoted


def test_acknowledged_writes_survive_a_killed_server(make_server: MakeServer) -> None:
    server = make_server(appendonly="yes", appendfsync="always")
    acknowledged: dict[str, list[bytes]] = {str(number): [] for number in range(8)}

    def write(key: str) -> None:
        store = at(server)
        version = put(store, key)
        while True:
            acknowledged[key].append(version)
            expected, version = version, new_version()
            try:
                assert store.replace(key, b"blob", version, expected, TTL)
            except StoreError:
                acknowledged[key].append(version)  # perhaps
                return

    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(write, key) for key in acknowledged]
        while not all(len(versions) > 20 for versions in acknowledged.values()):
            time.sleep(0.01)
        server.kill()
    assert [future.result() for future in writing] == [None] * 8
    server.start()
    for key, versions in acknowledged.items():
        loaded = at(server).load(key)
        assert loaded is not None
        assert loaded[1] in versions[-2:]


@pytest.fixture
def full_server(make_server: MakeServer) -> RedisServer:
    """A server that has one value, and memory for none."""
    server = make_server()
    put(at(server), "old", b"old")
    server.send("CONFIG", "SET", "maxmemory", "1")
    return server


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_replica_takes_no_write(scheme: str, make_server: MakeServer) -> None:
    primary, replica = make_server(), make_server()
    replica.send("REPLICAOF", "127.0.0.1", str(primary.port))
    store = open_store(f"{scheme}://127.0.0.1:{replica.port}", UNUSED)
    with pytest.raises(StoreError, match="replica"):
        store.create("key", b"blob", new_version(), TTL)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_demoted_server_is_left_for_the_new_one(
    scheme: str, make_server: MakeServer
) -> None:
    old, new = make_server(), make_server()
    proxy = Proxy(old.port)  # the name that both have in turn
    store = open_store(f"{scheme}://127.0.0.1:{proxy.port}", UNUSED)
    put(store, "before")
    old.send("REPLICAOF", "127.0.0.1", str(new.port))
    proxy.server_port = new.port
    version = put(store, "after")
    assert at(new).load("after") == (b"blob", version)
    proxy.kill()


# Other ways to a server


@pytest.fixture
def sentinel(make_server: MakeServer) -> Sentinel:
    server = make_server(Sentinel)
    assert isinstance(server, Sentinel)
    return server


@pytest.mark.parametrize("package", [redis, valkey])
def test_sentinels_lead_to_the_server(
    package: Any, make_server: MakeServer, sentinel: Sentinel
) -> None:
    first, second = make_server(), make_server()
    sentinel.watch("drafts", first)
    watchers = package.Sentinel([("127.0.0.1", sentinel.port)])
    store = RedisStore(watchers.master_for("drafts"))
    version = put(store, "key")
    assert at(first).load("key") == (b"blob", version)
    sentinel.watch("drafts", second)
    first.kill()
    version = put(store, "key")
    assert at(second).load("key") == (b"blob", version)


@pytest.mark.parametrize("package", [redis, valkey])
def test_sentinels_are_asked_within_the_limits(package: Any) -> None:
    watchers = package.Sentinel([("127.0.0.1", 1), ("127.0.0.1", 2)])
    before = [dict(own.get_connection_kwargs()) for own in watchers.sentinels]
    store = RedisStore(watchers.master_for("drafts"))
    private = private_pool(store).sentinel_manager.sentinels
    assert len(private) == 2
    for own in private:
        assert own.get_connection_kwargs()["socket_timeout"] == 2
    assert [own.get_connection_kwargs() for own in watchers.sentinels] == before


@pytest.mark.parametrize("package", [redis, valkey])
def test_sentinels_that_are_down_are_an_outage(package: Any) -> None:
    watchers = package.Sentinel([("127.0.0.1", free_port())])
    with pytest.raises(StoreError):
        RedisStore(watchers.master_for("drafts")).load("key")


@pytest.mark.parametrize("kind", [redis.Redis, valkey.Valkey])
def test_socket_in_a_folder(kind: Any, make_server: MakeServer, tmp_path: Path) -> None:
    make_server(unixsocket=str(tmp_path / "socket"))
    store = RedisStore(kind(unix_socket_path=str(tmp_path / "socket")))
    version = put(store, "key")
    assert store.load("key") == (b"blob", version)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_user_and_password_of_a_url(scheme: str, guarded_server: RedisServer) -> None:
    url = f"{scheme}://ann:p%40ss%3Aw%2Frd@127.0.0.1:{guarded_server.port}"
    store = open_store(url, UNUSED)
    version = put(store, "key")
    assert store.load("key") == (b"blob", version)


@pytest.mark.parametrize("kind", [redis.Redis, valkey.Valkey])
def test_user_and_password_of_a_client(kind: Any, guarded_server: RedisServer) -> None:
    client = kind(port=guarded_server.port, username="ann", password="p@ss:w/rd")
    store = RedisStore(client)
    version = put(store, "key")
    assert store.load("key") == (b"blob", version)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        key.private_bytes(pem, form, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> dict[str, str]:
    """The options of a server that speaks TLS on a port of its own."""
    files = ["tls-cert-file", "tls-key-file", "tls-ca-cert-file"]
    return {
        **dict.fromkeys(files, str(certificate)),
        "tls-port": str(free_port()),
        "tls-auth-clients": "no",
    }


@pytest.fixture(params=["rediss", "valkeys"])
def encrypted(
    request: pytest.FixtureRequest, make_server: MakeServer, tls: dict[str, str]
) -> str:
    make_server(**tls)
    return f"{request.param}://127.0.0.1:{tls['tls-port']}"


def test_encrypted_connection(encrypted: str, certificate: Path) -> None:
    store = open_store(f"{encrypted}?ssl_ca_certs={certificate}", UNUSED)
    version = put(store, "key")
    assert store.load("key") == (b"blob", version)


def test_encrypted_connection_to_a_cluster(
    make_server: MakeServer, tls: dict[str, str], certificate: Path
) -> None:
    node = make_server(ClusterNode, **tls, **{"tls-cluster": "yes"})
    assert isinstance(node, ClusterNode)
    node.take(0, 16383)
    node.wait_until_whole()
    url = f"rediss+cluster://127.0.0.1:{tls['tls-port']}?ssl_ca_certs={certificate}"
    put(open_store(url, UNUSED), "key")


def test_encrypted_connection_to_a_stranger_is_refused(encrypted: str) -> None:
    with pytest.raises(StoreError, match=r"(?i)certificate"):
        open_store(encrypted, UNUSED).load("key")


# Clusters


def test_keys_are_spread_over_a_cluster(nodes: list[ClusterNode]) -> None:
    url = f"redis+cluster://127.0.0.1:{nodes[0].port}"
    store = open_store(url, UNUSED)
    versions = {str(number): put(store, str(number)) for number in range(60)}
    assert all(node.send("RANDOMKEY").startswith("$") for node in nodes)
    assert {key: store.load(key) for key in versions} == {
        key: (b"blob", version) for key, version in versions.items()
    }


def test_cluster_is_found_by_any_of_its_nodes(nodes: list[ClusterNode]) -> None:
    url = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{nodes[1].port}"
    put(open_store(url, UNUSED), "found")


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_moved_keys_are_followed(scheme: str, nodes: list[ClusterNode]) -> None:
    store = open_store(f"{scheme}+cluster://127.0.0.1:{nodes[0].port}", UNUSED)
    put(store, f"{scheme} before")
    name = f"flask_wizard:{scheme} moved"
    slot = nodes[0].send("CLUSTER", "KEYSLOT", name).strip(":\r\n")
    target = next(node for node in nodes if "MOVED" in node.send("GET", name))
    target_id = target.send("CLUSTER", "MYID").split("\r\n")[1]
    for node in (target, *nodes):
        node.send("CLUSTER", "SETSLOT", slot, "NODE", target_id)
    put(store, f"{scheme} moved")
    assert target.send("EXISTS", name) == ":1\r\n"


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_silent_node_harms_only_its_own_keys(
    scheme: str, nodes: list[ClusterNode]
) -> None:
    def answers(store: DraftStore, key: str) -> bool:
        try:
            return store.load(key) is not None
        except StoreError:
            return False

    url = f"{scheme}+cluster://127.0.0.1:{nodes[0].port}?socket_timeout=2"
    store = open_store(url, UNUSED)
    keys = [key_of(node) for node in nodes]
    for key in keys:
        put(store, key)
    nodes[1].freeze()
    answered = [answers(store, key) for key in keys]
    nodes[1].thaw()
    assert answered == [True, False, True]
    assert all(answers(store, key) for key in keys)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_silent_node_of_many_is_asked_once(
    scheme: str, nodes: list[ClusterNode]
) -> None:
    url = f"{scheme}+cluster://127.0.0.1:{nodes[1].port}?socket_timeout=2"
    store = open_store(url, UNUSED)
    key = key_of(nodes[1])
    assert store.load(key) is None
    for node in nodes:
        node.send("CONFIG", "RESETSTAT")
    nodes[1].freeze()
    with pytest.raises(StoreError):
        store.load(key)
    nodes[1].thaw()
    # After each failure, the driver asks the other nodes for the layout.
    assert sum(calls_of(node, "cluster|slots") for node in nodes) == 1


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_lost_reply_of_a_node_is_recognised(
    scheme: str, nodes: list[ClusterNode], first_front: Proxy
) -> None:
    url = f"{scheme}+cluster://127.0.0.1:{nodes[1].port}"
    store = open_store(url, UNUSED)
    key = key_of(nodes[0])
    first, second = new_version(), new_version()
    assert store.create(key, b"first", first, TTL)
    first_front.lose_replies(1)
    assert not store.replace(key, b"second", second, first, TTL)
    assert first_front.replies_to_lose == 0
    assert store.load(key) == (b"second", second)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_cluster_without_some_of_its_keys_serves_the_others(
    scheme: str, make_server: MakeServer
) -> None:
    node = make_server(ClusterNode, **{"cluster-require-full-coverage": "no"})
    assert isinstance(node, ClusterNode)
    node.take(0, 8191)
    node.wait_until_whole()
    store = open_store(f"{scheme}+cluster://127.0.0.1:{node.port}", UNUSED)
    written = {writes(store, str(number)) for number in range(20)}
    assert written == {True, False}


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_cluster_at_another_address_is_found_again(
    scheme: str, make_server: MakeServer, fragile: Proxy
) -> None:
    before = make_server(ClusterNode)
    assert isinstance(before, ClusterNode)
    before.take(0, 16383)
    before.wait_until_whole()
    url = f"{scheme}+cluster://127.0.0.1:{before.port},127.0.0.1:{fragile.port}"
    fragile.kill()
    store = open_store(url, UNUSED)
    put(store, "before")
    before.kill()
    fragile.start()
    assert not writes(store, "amid")
    assert writes(store, "after")


def key_of(node: ClusterNode) -> str:
    """A new key that a node of a cluster is responsible for."""
    names = (f"key {number}" for number in count(next(numbers)))
    return next(
        name for name in names if node.send("GET", f"flask_wizard:{name}") == "$-1\r\n"
    )


def writes(store: DraftStore, key: str) -> bool:
    try:
        return store.create(key, b"blob", new_version(), TTL)
    except StoreError:
        return False


# Warnings


def warnings_of(store: DraftStore) -> list[str]:
    assert isinstance(store, CheckedStore)
    return list(store.warnings())


@pytest.mark.parametrize(
    "options",
    [
        {"appendonly": "yes"},
        {"save": "3600 1"},
        {"appendonly": "yes", "maxmemory": "50mb"},
        {"appendonly": "yes", "maxmemory-policy": "allkeys-lru"},
    ],
    ids=str,
)
def test_server_that_keeps_drafts_is_no_reason_to_warn(
    options: dict[str, str], make_server: MakeServer
) -> None:
    assert warnings_of(at(make_server(**options))) == []


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "volatile-random"])
def test_warns_of_a_server_that_evicts(policy: str, make_server: MakeServer) -> None:
    options = {"maxmemory": "50mb", "maxmemory-policy": policy, "appendonly": "yes"}
    server = make_server(**options)
    (warning,) = warnings_of(at(server))
    assert f"127.0.0.1:{server.port} removes values" in warning
    assert policy in warning


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_warns_of_a_server_without_a_disk(scheme: str, make_server: MakeServer) -> None:
    store = open_store(f"{scheme}://127.0.0.1:{make_server().port}", UNUSED)
    (warning,) = warnings_of(store)
    assert "a restart loses all drafts" in warning


def test_warns_of_all_that_is_wrong(make_server: MakeServer) -> None:
    server = make_server(**{"maxmemory": "50mb", "maxmemory-policy": "allkeys-lru"})
    assert len(warnings_of(RedisStore(RedisCache(port=server.port)))) == 3


@pytest.mark.parametrize("user", ["eve", "dan"])
def test_warns_of_a_server_that_does_not_tell(
    user: str, guarded_server: RedisServer
) -> None:
    url = f"redis://{user}:{user}@127.0.0.1:{guarded_server.port}"
    (warning,) = warnings_of(open_store(url, UNUSED))
    assert "hides the settings" in warning
    assert "appendonly yes" in warning


def test_warns_of_eviction_though_settings_are_hidden(
    guarded_server: RedisServer,
) -> None:
    with redis.Redis(port=guarded_server.port, password="secret!") as client:
        client.config_set("maxmemory", "50mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
    url = f"redis://dan:dan@127.0.0.1:{guarded_server.port}"
    evicts, hides = warnings_of(open_store(url, UNUSED))
    assert "allkeys-lru" in evicts
    assert "hides the settings" in hides


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_warns_of_each_primary(scheme: str, nodes: list[ClusterNode]) -> None:
    url = f"{scheme}+cluster://127.0.0.1:{nodes[0].port}"
    warnings = warnings_of(open_store(url, UNUSED))
    assert len(warnings) == 3
    for node in nodes:
        address = f"127.0.0.1:{node.public_port} "
        assert any(address in warning for warning in warnings)


def test_warns_of_a_cache_that_clears_everything(redis_server: RedisServer) -> None:
    store = RedisStore(RedisCache("127.0.0.1", redis_server.port))
    (warning,) = warnings_of(store)
    assert "key_prefix" in warning


def test_server_that_is_down_cannot_be_looked_at() -> None:
    with pytest.raises(StoreError):
        warnings_of(open_store(f"redis://127.0.0.1:{free_port()}", UNUSED))


# Misuse


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://user:secret@host:port", "port"),
        ("redis://user:secret/word@host", "port"),
        ("redis://:secret@host?socket_timout=5", "socket_timout"),
        ("redis://:secret@host?socket_timeout=soon", "socket_timeout"),
        ("rediss://:secret@host?ssl_cert_reqs=perhaps", "perhaps"),
        ("redis+cluster://:secret@one,two?socket_timout=5", "socket_timout"),
        ("redis+cluster://:secret@one,two:port", "port"),
        ("redis+cluster://:secret@host/3", "no databases"),
        ("redis+sentinel://:secret@host", "redis"),
        ("valkey://user:secret@host:port", "port"),
        ("valkey://:secret@host?socket_timout=5", "socket_timout"),
    ],
)
def test_url_that_says_nothing_is_refused(url: str, found: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        open_store(url, UNUSED)
    assert found in str(raised.value)
    assert "secret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("client", [object(), RedisCache(object())])
def test_another_object_is_refused(client: object) -> None:
    with pytest.raises(DefinitionError, match=r"builtins\.object"):
        RedisStore(client)


@pytest.mark.parametrize("package", ["redis", "valkey"])
def test_missing_driver_is_named(package: str) -> None:
    script = """
    import sys

    sys.modules[sys.argv[1]] = None
    from pathlib import Path
    from flask_wizard.errors import ConfigurationError
    from flask_wizard.stores.registry import open_store

    try:
        open_store(f"{sys.argv[1]}://localhost", Path("unused"))
    except ConfigurationError as error:
        print(error)
    """
    assert f"'flask-wizard-forms[{package}]'" in run_script(script, package)


@pytest.mark.parametrize("package", ["redis", "valkey"])
def test_only_the_driver_that_is_used_is_imported(package: str) -> None:
    script = """
    import sys
    from pathlib import Path
    from flask_wizard.stores.registry import open_store

    open_store(f"{sys.argv[1]}://localhost", Path("unused"))
    print({"redis", "valkey"} & sys.modules.keys())
    """
    assert run_script(script, package) == f"{{{package!r}}}"


# An application


class Story(Form):
    story = fields.TextAreaField("Story")


class Tell(Join):
    pet = Step(Story)


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_wizard_goes_through_an_outage(
    scheme: str, make_app: MakeApp, make_server: MakeServer
) -> None:
    server = make_server(appendonly="yes", appendfsync="always")
    app = make_app(Tell, store=f"{scheme}://127.0.0.1:{server.port}")
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    server.kill()
    page = visitor.fill(story="typed at length\r\n" * 50)
    assert page.status == 503
    assert page.value("story") == "typed at length\r\n" * 50
    server.start()
    visitor.press()
    visitor.press()
    (submission,) = committed
    assert submission.data["pet"] == {"story": "typed at length\r\n" * 50}


def test_wizard_commits_on_a_cluster(make_app: MakeApp, cluster: ClusterNode) -> None:
    app = make_app(Tell, store=f"redis+cluster://127.0.0.1:{cluster.port}")
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    visitor.fill(story="short")
    visitor.press()
    (submission,) = committed
    assert submission.data["pet"] == {"story": "short"}


def test_full_server_shows_what_was_typed(
    make_app: MakeApp, full_server: RedisServer
) -> None:
    visitor = Visitor(make_app(Tell, store=f"redis://127.0.0.1:{full_server.port}"))
    visitor.open()
    page = visitor.fill(name="Ada")
    assert page.status == 503
    assert page.value("name") == "Ada"


def test_application_warns_when_it_starts(
    make_server: MakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("site")
    app.config.update(
        SECRET_KEY="k" * 32,
        WIZARD_STORE=f"redis://127.0.0.1:{make_server().port}",
    )
    FlaskWizard(app)
    assert "a restart loses all drafts" in caplog.text


def test_application_starts_while_the_server_is_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask("site")
    app.config.update(
        SECRET_KEY="k" * 32,
        WIZARD_STORE=f"redis+cluster://127.0.0.1:{free_port()}",
    )
    FlaskWizard(app)
    assert "could not be checked" in caplog.text
