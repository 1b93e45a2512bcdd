"""Clients of Redis and Valkey for drafts alone, with a limit on every call.

Both drivers name everything alike, but for the first word of some names.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from copy import copy
from importlib import import_module
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

from flask_wizard.errors import ConfigurationError, DefinitionError
from flask_wizard.stores.registry import missing

Answer = TypeVar("Answer")

LIMITS = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}  # seconds
MOST_CONNECTIONS = 50  # of a process; more threads than that wait for one another
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
    """The package ``redis`` or ``valkey``. Raises ImportError."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.name = package.capitalize()
        self.module = import_module(package)
        self.cluster = import_module(f"{package}.cluster")
        kinds = import_module(f"{package}.exceptions")
        self.error: type[Exception] = getattr(kinds, f"{self.name}Error")
        self.refusal: type[Exception] = kinds.ResponseError
        self.lost: tuple[type[Exception], ...] = (
            getattr(kinds, f"{self.name}ClusterException"),
            LookupError,  # how both drivers meet a cluster that has no places for keys
        )
        self.errors = (self.error, *self.lost, kinds.ChildDeadlockedError, OSError)
        # Tried again at once, on a fresh connection: what went down with the old one
        # (a write that did happen is refused, and then known by its version), and what
        # a demoted server has refused, whose name may lead to the new one by now.
        # Silence is not among them, so that nobody waits twice.
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
        """Return the driver's rule to try ``times`` times again, at once."""
        backoff = import_module(f"{self.package}.backoff").NoBackoff()
        retry = import_module(f"{self.package}.retry").Retry
        return retry(backoff, times, self.retried)


class Single(NamedTuple):
    """One server, or whichever of several their Sentinels say is the primary."""

    driver: Driver
    name: str
    client: Any

    def run(self, call: Callable[[Any], Answer]) -> Answer:
        """Call with the client."""
        return call(self.client)

    def primaries(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        """Name the server; a command needs no argument to be sent there."""
        return [(self.name, {})]


class Cluster:
    """A cluster, whose layout is asked for at the first use."""

    def __init__(
        self, driver: Driver, nodes: list[tuple[str, int]], settings: dict[str, Any]
    ) -> None:
        self.driver = driver
        addresses = ", ".join(f"{host}:{port}" for host, port in nodes)
        self.name = f"the {driver.name} cluster of {addresses}"
        self._nodes = nodes
        self._settings = settings
        self._clients: dict[int, Any] = {}  # by process; a fork may leave locks locked

    def run(self, call: Callable[[Any], Answer]) -> Answer:
        """Call with the client, once more if the layout has changed."""
        try:
            return self._run_once(call)
        except self.driver.retried:
            return self._run_once(call)  # by the layout that it has found meanwhile

    def primaries(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        """Name each, and tell how a command is sent to it."""
        return [
            (f"{self.driver.name} at {node.name}", {"target_nodes": node})
            for node in client.get_primaries()
        ]

    def _run_once(self, call: Callable[[Any], Answer]) -> Answer:
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            # Two threads that meet here both connect, and both use the first client.
            client = self._clients.setdefault(process, self._connect())
        try:
            return call(client)
        except self.driver.lost:
            # It knows the nodes that it has found, or none (redis-py before 6,
            # valkey-py). The next call begins again with those that were given.
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
        # What redis-py before 6 and valkey-py look into, instead of ``retry``.
        client.cluster_error_retry_attempts = 0
        manager = client.nodes_manager
        manager.initialize = _one_at_a_time(manager.initialize)
        return client


def _one_at_a_time(ask: Callable[..., None]) -> Callable[..., None]:
    """Let threads that meet a failure together not wait for each other.

    redis-py 8 makes them ask for the layout one after the other, each for as long as
    the limits allow.
    """
    asking = threading.Lock()

    def ask_unless_asked(*args: Any, **options: Any) -> None:
        if asking.acquire(blocking=False):
            try:
                ask(*args, **options)
            finally:
                asking.release()

    return ask_unless_asked


def server_at(url: str) -> Single | Cluster:
    """Read a URL, and connect to nothing yet. Raises ConfigurationError."""
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
    """Give a URL for each node of ``redis+cluster://user:password@one:7000,two``."""
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
            "The port in the store's URL is no number. If it is part of a password, "
            "write the special characters in there as %40 for @, and so on."
        ) from None
    try:
        pool = driver.module.ConnectionPool.from_url(parts.geturl())
        pool.make_connection()  # makes no connection, but knows every option
    except (TypeError, ValueError, driver.error) as error:
        raise ConfigurationError(
            f"{driver.package} does not understand the store's URL: {error}"
        ) from error
    return pool


def server_of(given: Any) -> Single | Cluster:
    """Find out where a client of the application leads. Raises DefinitionError."""
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
    """What is the same for all nodes."""
    own = _settings(given, unset)
    for name in ("host", "port", "db"):
        own.pop(name, None)
    connection_class = given.get("connection_class", object)
    encrypted = issubclass(connection_class, driver.module.SSLConnection)
    return {**own, "ssl": encrypted or given.get("ssl", False)}


def _settings(given: Mapping[str, Any], unset: Mapping[str, Any]) -> dict[str, Any]:
    """Where and as whom to connect. Nothing of how answers are read or kept.

    ``unset`` are the driver's defaults, which nobody has chosen.
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
