"""Clients of Redis and Valkey that only drafts use, with a limit on every call.

Both drivers have the same names, except for the first word of some of them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from copy import copy
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

from flask_wizard.errors import ConfigurationError, DefinitionError
from flask_wizard.stores.registry import missing

Answer = TypeVar("Answer")

LIMITS = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}  # seconds
MOST_CONNECTIONS = 50  # of a process; further threads wait for a free connection
SETTINGS = {  # beside those that begin with socket_ and ssl_
    "client_name",
    "credential_provider",
    "db",
    "health_check_interval",
    "host",
    "max_connections",
    "password",
    "path",
    "port",
    "redis_connect_func",
    "username",
    "valkey_connect_func",
}
CLIENTS = {
    "redis.client": "redis",
    "redis.cluster": "redis",
    "valkey.client": "valkey",
    "valkey.cluster": "valkey",
}


class Driver:
    """The package ``redis`` or ``valkey``. Raise ImportError if it is missing."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.name: str = package.capitalize()
        self.module: ModuleType = import_module(package)
        self.cluster: ModuleType = import_module(f"{package}.cluster")
        kinds = import_module(f"{package}.exceptions")
        self.error: type[Exception] = getattr(kinds, f"{self.name}Error")
        self.refusal: type[Exception] = kinds.ResponseError
        self.lost: tuple[type[Exception], ...] = (
            getattr(kinds, f"{self.name}ClusterException"),
            LookupError,  # both drivers raise it for a cluster without hash slots
        )
        self.errors: tuple[type[Exception], ...] = (
            self.error,
            *self.lost,
            kinds.ChildDeadlockedError,
            OSError,
        )
        # The driver repeats a call after these, at once and on a new connection: after
        # a lost connection (if the write did happen, the second is refused, and the
        # caller finds its own version), and after the refusal of a demoted server,
        # whose name may lead to the new primary by now. It does not after a timeout, so
        # that nobody waits twice.
        self.retried: tuple[type[Exception], ...] = (
            kinds.ConnectionError,
            kinds.ReadOnlyError,
        )

    def client(self, **settings: Any) -> Any:
        """Return a client of one server."""
        return getattr(self.module, self.name)(**settings)

    def cluster_client(self, **settings: Any) -> Any:
        """Return a client of a cluster."""
        return getattr(self.cluster, f"{self.name}Cluster")(**settings)

    def retry(self, times: int) -> Any:
        """Return the driver's retry object for ``times`` more tries, without delay."""
        backoff = import_module(f"{self.package}.backoff").NoBackoff()
        retry = import_module(f"{self.package}.retry").Retry
        return retry(backoff, times, self.retried)


class Single(NamedTuple):
    """One server, or the primary that Sentinels name."""

    driver: Driver
    name: str
    client: Any

    def run(self, call: Callable[[Any], Answer]) -> Answer:
        """Return what ``call`` returns for the client."""
        return call(self.client)

    def primaries(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        """Return the server's name, and no arguments: commands go there anyway."""
        return [(self.name, {})]


class Cluster:
    """A cluster, whose layout the client loads at the first use."""

    def __init__(
        self, driver: Driver, nodes: list[tuple[str, int]], settings: dict[str, Any]
    ) -> None:
        self.driver = driver
        addresses = ", ".join(f"{host}:{port}" for host, port in nodes)
        self.name: str = f"the {driver.name} cluster of {addresses}"
        self._nodes = nodes
        self._settings = settings
        self._clients: dict[int, Any] = {}  # by process; a fork may leave locks locked

    def run(self, call: Callable[[Any], Answer]) -> Answer:
        """Return what ``call`` returns for the client; repeat it if nodes changed."""
        try:
            return self._run_once(call)
        except self.driver.retried:
            return self._run_once(call)  # with the layout that it has loaded meanwhile

    def primaries(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        """Return the name of each, and the arguments that send a command to it."""
        return [
            (f"{self.driver.name} at {node.name}", {"target_nodes": node})
            for node in client.get_primaries()
        ]

    def _run_once(self, call: Callable[[Any], Answer]) -> Answer:
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            # Two threads may both connect here; both then use the first client.
            client = self._clients.setdefault(process, self._connect())
        try:
            return call(client)
        except self.driver.lost:
            # The client has only the nodes that it found, or none (redis-py before 6,
            # valkey-py). The next call begins again with the configured nodes.
            self._clients.pop(process, None)
            raise

    def _connect(self) -> Any:
        node = self.driver.cluster.ClusterNode
        client = self.driver.cluster_client(
            startup_nodes=[node(host, port) for host, port in self._nodes],
            require_full_coverage=False,
            retry=self.driver.retry(0),
            protocol=2,
            **self._settings,
        )
        # redis-py before 6 and valkey-py read this instead of ``retry``.
        client.cluster_error_retry_attempts = 0
        manager = client.nodes_manager
        manager.initialize = _one_at_a_time(manager.initialize)
        return client


def _one_at_a_time(load: Callable[..., None]) -> Callable[..., None]:
    """Return ``load``, which then does nothing while another thread runs it.

    redis-py 8 lets threads that fail together load the layout one after the other, each
    for as long as the limits allow.
    """
    loading = threading.Lock()

    def load_unless_loading(*args: Any, **options: Any) -> None:
        if loading.acquire(blocking=False):
            try:
                load(*args, **options)
            finally:
                loading.release()

    return load_unless_loading


def server_at(url: str) -> Single | Cluster:
    """Return the server or cluster at a URL, without connecting.

    Raise ConfigurationError.
    """
    parts = urlsplit(url)
    package = "valkey" if parts.scheme.startswith("valkey") else "redis"
    try:
        driver = Driver(package)
    except ImportError as error:
        what = f"A store's URL with {parts.scheme}:"
        raise missing(error, what, package) from error
    if not parts.scheme.endswith("+cluster"):
        return _single(driver, _pool_at(driver, parts), unset={})
    pools = [_pool_at(driver, node) for node in _nodes_at(parts)]
    if pools[0].connection_kwargs.get("db"):
        raise ConfigurationError(
            "The store's URL has a database's number, but a cluster has no databases. "
            "Leave it out."
        )
    nodes = [_address(pool.connection_kwargs) for pool in pools]
    chosen = {
        **pools[0].connection_kwargs,
        "max_connections": pools[0].max_connections,
        "connection_class": pools[0].connection_class,
    }
    return Cluster(driver, nodes, _cluster_settings(driver, chosen, unset={}))


def _nodes_at(parts: SplitResult) -> list[SplitResult]:
    """Return a URL for each node of ``redis+cluster://user:password@one:7000,two``."""
    user, at, hosts = parts.netloc.rpartition("@")
    scheme = parts.scheme.removesuffix("+cluster")
    return [
        parts._replace(scheme=scheme, netloc=f"{user}{at}{host}")
        for host in hosts.split(",")
    ]


def _pool_at(driver: Driver, parts: SplitResult) -> Any:
    try:
        parts.port  # noqa: B018
    except ValueError:
        # Without the cause, which may have part of a password in it.
        raise ConfigurationError(
            "The port in the store's URL is not a number. If it is part of a password, "
            "escape the special characters of the password: %40 for @, and so on."
        ) from None
    try:
        pool = driver.module.ConnectionPool.from_url(parts.geturl())
        pool.make_connection()  # checks every option, and does not connect
    except (TypeError, ValueError, driver.error) as error:
        raise ConfigurationError(
            f"{driver.package} has refused the store's URL: {error}"
        ) from error
    return pool


def server_of(given: Any) -> Single | Cluster:
    """Return the server or cluster of the application's client.

    Raise DefinitionError if it is no client of redis or valkey.
    """
    if isinstance(given, Single | Cluster):
        return given
    driver = _driver_of(given)
    unset = driver.client().connection_pool.connection_kwargs
    if hasattr(given, "connection_pool"):
        return _single(driver, given.connection_pool, unset)
    manager = given.nodes_manager
    known = {**manager.startup_nodes, **manager.nodes_cache}.values()
    settings = _cluster_settings(driver, manager.connection_kwargs, unset)
    settings[f"{driver.package}_connect_func"] = given.user_on_connect_func
    settings["address_remap"] = manager.address_remap
    return Cluster(driver, [(node.host, node.port) for node in known], settings)


def _driver_of(client: Any) -> Driver:
    for ancestor in type(client).__mro__:
        if ancestor.__module__ in CLIENTS:
            return Driver(CLIENTS[ancestor.__module__])
    raise DefinitionError(
        f"RedisStore got a {type(client).__module__}.{type(client).__qualname__}. "
        "Expected are a RedisCache, a ValkeyCache, and a client of redis or valkey."
    )


def _single(driver: Driver, pool: Any, unset: Mapping[str, Any]) -> Single:
    settings = _settings(pool.connection_kwargs, unset)
    settings.update(
        connection_class=pool.connection_class,
        retry=driver.retry(1),
        retry_on_error=list(driver.retried),
        protocol=2,
    )
    if hasattr(pool, "sentinel_manager"):
        name = f"the {driver.name} that Sentinels call {pool.service_name}"
        manager = copy(pool.sentinel_manager)
        manager.sentinels = [
            _single(driver, sentinel.connection_pool, unset).client
            for sentinel in manager.sentinels
        ]
        private = driver.module.SentinelConnectionPool(
            pool.service_name, manager, **settings
        )
    else:
        host, port = _address(settings)
        name = f"{driver.name} at {settings.get('path') or f'{host}:{port}'}"
        private = driver.module.BlockingConnectionPool(
            max_connections=min(pool.max_connections, MOST_CONNECTIONS),
            timeout=settings["socket_timeout"],
            **settings,
        )
    return Single(driver, name, driver.client(connection_pool=private))


def _cluster_settings(
    driver: Driver, given: Mapping[str, Any], unset: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings that all nodes share."""
    own = _settings(given, unset)
    for name in ("host", "port", "db"):
        own.pop(name, None)
    connection_class = given.get("connection_class", object)
    encrypted = issubclass(connection_class, driver.module.SSLConnection)
    return {**own, "ssl": encrypted or given.get("ssl", False)}


def _settings(given: Mapping[str, Any], unset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings for connecting: addresses, credentials, TLS and limits.

    Settings for parsing or caching replies are left out. ``unset`` has the driver's
    defaults, so that a default timeout does not count as the application's choice.
    """
    own = {
        name: value
        for name, value in given.items()
        if name in SETTINGS or name.startswith(("socket_", "ssl_"))
    }
    for name, limit in LIMITS.items():
        if own.get(name) in (None, unset.get(name)):
            own[name] = limit
    return own


def _address(settings: Mapping[str, Any]) -> tuple[str, int]:
    return settings.get("host", "localhost"), settings.get("port", 6379)
