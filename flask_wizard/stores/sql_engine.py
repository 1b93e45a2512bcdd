"""BoundedDatabase: a database at a URL, with a limit on every call."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Generator
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from flask_wizard.errors import ConfigurationError
from flask_wizard.stores import seconds_in
from flask_wizard.stores.registry import missing

CONNECT_TIMEOUT = 1.0  # seconds
READ_TIMEOUT = 2.0  # seconds for a statement, and for a free connection of the pool

# The drivers whose calls can have a limit, by the dialect of the URL.
DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}

Yield = TypeVar("Yield")
Send = TypeVar("Send")
Result = TypeVar("Result")


class BoundedDatabase:
    """The engines of a URL: one for each process, since forks must not share one.

    The URL may set ``connect_timeout`` and ``read_timeout``, in seconds. Raise
    ConfigurationError for a wrong URL, or a driver without limits.
    """

    session = None

    def __init__(self, url: str) -> None:
        self.metadata: MetaData = MetaData()
        self._url = _with_driver(url)
        self._engines = {os.getpid(): _engine(self._url)}

    @property
    def engine(self) -> Engine:
        """The engine of this process, which the first use creates."""
        process = os.getpid()
        if process not in self._engines:
            self._engines.setdefault(process, _engine(self._url))
        return self._engines[process]


def _with_driver(url: str) -> URL:
    """Return the URL with the driver whose calls have a limit.

    Raise ConfigurationError without the URL, which may have a password in it.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "The store's URL cannot be read. Expected is one like "
            "postgresql+psycopg://user:password@host:5432/database; special characters "
            "of a password are written as %40 and the like."
        ) from None
    dialect, _, driver = parsed.drivername.partition("+")
    bounded = DRIVERS.get(dialect)
    if bounded is None or driver not in ("", bounded):
        known = ", ".join(f"{name}+{own}" for name, own in DRIVERS.items())
        raise ConfigurationError(
            f"The store's URL begins with {parsed.drivername}. Its calls would have no "
            f"limit. Expected is one of: {known}. For another driver, give an Engine "
            "with limits of its own: SQLAlchemyStore(create_engine(...))."
        )
    return parsed.set(drivername=f"{dialect}+{bounded}")


def _engine(url: URL) -> Engine:
    connecting = _limit(url, "connect_timeout", CONNECT_TIMEOUT)
    reading = _limit(url, "read_timeout", READ_TIMEOUT)
    is_psycopg = url.get_driver_name() == "psycopg"
    limits = _psycopg_limits if is_psycopg else _pymysql_limits
    try:
        engine = create_engine(
            url.difference_update_query(["connect_timeout", "read_timeout"]),
            connect_args=limits(url, connecting, reading),
            hide_parameters=True,
            pool_pre_ping=True,  # so that a restart of the server raises no error
            pool_timeout=reading,
        )
    except ImportError as error:
        extra = "postgresql" if is_psycopg else "mysql"
        raise missing(error, "SQLAlchemyStore", extra) from error
    if is_psycopg:
        _bound_psycopg(engine, connecting, reading)
    _guard_first_connection(engine)
    return engine


def _guard_first_connection(engine: Engine) -> None:
    """Make the lock of the engine's first connection while no other thread has it.

    SQLAlchemy makes it when threads connect: two at once make two locks, and one goes
    on with a dialect that the other has not initialized yet.
    """
    listeners = engine.pool.dispatch.connect
    make = getattr(listeners, "_get_exec_once_mutex", None)
    if make is None:  # before 2.1, where to ask for the lock makes it
        make = partial(getattr, listeners, "_exec_once_mutex", None)
    make()


def _limit(url: URL, name: str, default: float) -> float:
    given = url.normalized_query.get(name)
    return seconds_in(name, given[-1]) if given else default


def _pymysql_limits(url: URL, connecting: float, reading: float) -> dict[str, Any]:
    return {
        "connect_timeout": connecting,
        "read_timeout": reading,
        "write_timeout": reading,
    }


def _psycopg_limits(url: URL, connecting: float, reading: float) -> dict[str, Any]:
    # The server is to abort first: then it has certainly not executed the statement.
    ours = f"-c statement_timeout={reading * 900:.0f}"  # milliseconds
    options = [ours, *url.normalized_query.get("options", ())]
    return {"connect_timeout": math.ceil(connecting), "options": " ".join(options)}


def _bound_psycopg(engine: Engine, connecting: float, reading: float) -> None:
    """Limit how long psycopg waits, in seconds.

    libpq has no limit for a server that is silent while its machine acknowledges
    packets, and none below 2 seconds for connecting.
    """
    import psycopg

    class BoundedConnection(psycopg.Connection[Any]):
        @classmethod
        def _connect_gen(cls, *args: Any, **kwargs: Any) -> Any:
            gen = super()._connect_gen(*args, **kwargs)
            late = f"no connection within {connecting} seconds"
            return _until_late(gen, connecting, psycopg.OperationalError(late))

        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            late = psycopg.OperationalError(f"no answer within {reading} seconds")
            try:
                return super().wait(_until_late(gen, reading, late), *args, **kwargs)
            except psycopg.OperationalError as error:
                if error is late:
                    self.close()  # a late answer must not reach the next statement
                raise

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, args: Any, parameters: Any) -> Any:
        return BoundedConnection.connect(*args, **parameters)


def _until_late(
    gen: Generator[Yield, int, Result], seconds: float, late: Exception
) -> Generator[Yield, int, Result]:
    """Return a generator that runs ``gen`` and raises ``late`` after these seconds.

    ``gen`` yields what to wait for, and psycopg sends the result at least ten times a
    second: 0 if nothing is ready. Before 3.2.11 its binary form sent another number,
    as if something were ready.
    """
    deadline = time.monotonic() + seconds
    try:
        state = next(gen)
        while True:
            ready = yield state
            if not ready and time.monotonic() > deadline:
                raise late
            state = gen.send(ready)
    except StopIteration as end:
        result: Result = end.value
        return result
