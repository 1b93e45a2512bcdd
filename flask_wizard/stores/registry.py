"""The registry of stores: which store belongs to a URL, a cache or a client."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cachelib import BaseCache

from flask_wizard.errors import ConfigurationError, DefinitionError
from flask_wizard.stores import DraftStore


class Engine(NamedTuple):
    """A store's class, which is imported only when it is used."""

    #: The module in ``flask_wizard.stores``.
    module: str
    #: The name of the class.
    name: str
    #: The extra that installs its driver.
    extra: str | None = None

    def load(self) -> Any:
        """Return the class. Raise ConfigurationError if its driver is missing."""
        try:
            return getattr(
                import_module(f"flask_wizard.stores.{self.module}"), self.name
            )
        except ImportError as error:
            raise missing(error, self.name, self.extra or self.module) from error


def missing(error: ImportError, what: str, extra: str) -> ConfigurationError:
    """Return the exception for a driver that is not installed."""
    return ConfigurationError(
        f"{what} needs {error.name or 'a driver'}, which is not installed. "
        f"Run: pip install 'flask-wizard-forms[{extra}]'"
    )


FILES = Engine("files", "FileStore")
MEMORY = Engine("memory", "MemoryStore")
SQLITE = Engine("sqlite", "SQLiteStore")
REDIS = Engine("redis", "RedisStore", "redis")
VALKEY = Engine("redis", "RedisStore", "valkey")
SQL = Engine("sql", "SQLAlchemyStore", "sqlalchemy")
POSTGRESQL = Engine("sql", "SQLAlchemyStore", "postgresql")
MYSQL = Engine("sql", "SQLAlchemyStore", "mysql")
DYNAMODB = Engine("dynamodb", "DynamoDBStore", "dynamodb")
MEMCACHED = Engine("memcached", "MemcachedStore", "memcached")

# By name, so that finding the right one imports no driver.
OBJECTS = {
    "cachelib.file.FileSystemCache": FILES,
    "cachelib.simple.SimpleCache": MEMORY,
    "cachelib.redis.RedisCache": REDIS,
    "cachelib.valkey.ValkeyCache": VALKEY,
    "cachelib.dynamodb.DynamoDbCache": DYNAMODB,
    "cachelib.memcached.MemcachedCache": MEMCACHED,
    "redis.client.Redis": REDIS,
    "redis.cluster.RedisCluster": REDIS,
    "valkey.client.Valkey": VALKEY,
    "valkey.cluster.ValkeyCluster": VALKEY,
    "flask_sqlalchemy.extension.SQLAlchemy": SQL,
    "sqlalchemy.engine.base.Engine": SQL,
}
SCHEMES = {
    "file": FILES,
    "memory": MEMORY,
    "sqlite": SQLITE,
    "redis": REDIS,
    "rediss": REDIS,
    "redis+cluster": REDIS,
    "rediss+cluster": REDIS,
    "valkey": VALKEY,
    "valkeys": VALKEY,
    "valkey+cluster": VALKEY,
    "valkeys+cluster": VALKEY,
    "postgresql": POSTGRESQL,
    "mysql": MYSQL,
    "mariadb": MYSQL,
    "dynamodb": DYNAMODB,
    "memcached": MEMCACHED,
}


def open_store(given: object | None, default_file: Path) -> DraftStore:
    """Return ``given`` if it is a store, or the store that belongs to it.

    For None it is SQLite in ``default_file``. A string is a URL, whose relative paths
    begin in the folder of ``default_file``. For a cache or a client it is a private
    store on the same server or folder, which neither reads nor changes the cache's own
    values. Raise DefinitionError for anything else, and ConfigurationError for a wrong
    URL or a driver that is not installed.
    """
    if given is None:
        store: DraftStore = SQLITE.load()(default_file)
        return store
    if isinstance(given, str):
        return _by_url(given, Path(default_file).parent)
    if isinstance(given, DraftStore) and not isinstance(given, type):
        return given
    for ancestor in type(given).__mro__:
        engine = OBJECTS.get(f"{ancestor.__module__}.{ancestor.__qualname__}")
        if engine is not None:
            found: DraftStore = engine.load()(given)
            return found
    raise DefinitionError(_refusal(given))


def _by_url(url: str, folder: Path) -> DraftStore:
    scheme = urlsplit(url).scheme
    engine = SCHEMES.get(scheme) or SCHEMES.get(scheme.partition("+")[0])
    if engine is None:
        # Without the URL itself, which may have a password in it.
        raise ConfigurationError(
            f"The store is a URL with the scheme {scheme!r}. "
            f"Known are {', '.join(SCHEMES)}."
        )
    store: DraftStore = engine.load().from_url(url, folder)
    return store


def _refusal(given: object) -> str:
    found = given if isinstance(given, type) else type(given)
    what = "the class " if isinstance(given, type) else "a "
    kinds = ", ".join(sorted(name.rpartition(".")[2] for name in OBJECTS))
    hint = " Not every cachelib cache will do." if isinstance(given, BaseCache) else ""
    return (
        f"store is {what}{found.__module__}.{found.__qualname__}. Accepted are: None "
        f"(SQLite in the instance folder), a URL ({', '.join(SCHEMES)}), an object "
        f"with the methods load, create and replace of DraftStore, or one of these: "
        f"{kinds}.{hint}"
    )
