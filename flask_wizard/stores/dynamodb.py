"""DynamoDBStore: drafts in a DynamoDB table, by conditional puts."""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.endpoint import DEFAULT_TIMEOUT  # type: ignore[import-untyped]
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from botocore.session import get_session  # type: ignore[import-untyped]
from cachelib.dynamodb import DynamoDbCache

from flask_wizard.errors import ConfigurationError, StoreError, UnreadableDraftError
from flask_wizard.stores import seconds_in

CONNECT_TIMEOUT = 1  # seconds
READ_TIMEOUT = 2  # seconds
ATTEMPTS = 2  # of one call, if the first fails or gets no reply

BLOB = "wizard_blob"
VERSION = "wizard_version"
PREFIX = "flask_wizard:"
JSON = "application/x-amz-json"

TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
REACHED = {"region": "region_name", "endpoint": "endpoint_url"}  # as boto3 has them
LIMITS = ("connect_timeout", "read_timeout")
NAMES = ("prefix", "key_field", "expiration_time_field")
EXAMPLE = "dynamodb://table?region=eu-central-1"


class Place(NamedTuple):
    """A table, a client that reaches it, and the names that cachelib uses in it."""

    #: A client of boto3. The store copies its settings, and makes no calls with it.
    model: Any
    table: str
    key_field: str = "cache_key"
    expiration_time_field: str = "expiration_time"
    prefix: str = ""


class DynamoDBStore:
    """Stores drafts in the table of ``cache``, as items of its own.

    It neither reads nor changes other items of the table. It rounds lifetimes up to
    whole seconds; the table's time to live (TTL) removes expired drafts. DynamoDB
    limits an item to 400 KB.
    """

    def __init__(self, cache: DynamoDbCache | Place) -> None:
        self._is_shared = not isinstance(cache, Place)
        self._place = cache if isinstance(cache, Place) else _place_of(cache)
        self._clients = _Clients(self._place.model)

    @classmethod
    def from_url(cls, url: str, folder: Path | None = None) -> DynamoDBStore:
        """Return a store for ``dynamodb://table?region=eu-central-1``.

        The table must exist. boto3 finds the credentials, and the region if the URL has
        none. More options: ``endpoint`` (of a server that is not Amazon's),
        ``connect_timeout`` and ``read_timeout`` in seconds, and as in cachelib
        ``prefix``, ``key_field`` and ``expiration_time_field``. Raise
        ConfigurationError for any other URL.
        """
        return cls(_place_in(url))

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        with self._store_errors():
            reply = self._clients.own().get_item(
                TableName=self._place.table, Key=self._key(key), ConsistentRead=True
            )
        item = reply.get("Item")
        if item is None:
            return None
        value = self._parse(item)
        # DynamoDB removes expired items within days, not at once.
        return (value.blob, value.version) if value.expires > time.time() else None

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        return self._put(
            key,
            _Value(blob, version, _end(ttl)),
            "attribute_not_exists(#key) OR #expires <= :now",
            names={"#key": self._place.key_field},
            values={},
        )

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        return self._put(
            key,
            _Value(blob, version, _end(ttl)),
            "#version = :expected AND #expires > :now",
            names={"#version": VERSION},
            values={":expected": {"B": expected}},
        )

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value.

        DynamoDB reads the whole table for it, 1 MB at a time.
        """
        place, start = self._place, dict[str, Any]()
        names = {"#key": place.key_field, "#expires": place.expiration_time_field}
        prefix = self._key("")[place.key_field]
        while True:
            with self._store_errors():
                reply = self._clients.own().scan(
                    TableName=place.table,
                    ConsistentRead=True,
                    FilterExpression="begins_with(#key, :prefix) AND #expires > :now",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues={
                        ":prefix": prefix,
                        ":now": {"N": str(time.time())},
                    },
                    **start,
                )
            for item in reply.get("Items", ()):
                key = item[place.key_field]["S"].removeprefix(prefix["S"])
                try:
                    value = self._parse(item)
                    yield key, value.blob, value.version
                except UnreadableDraftError:
                    yield key, b"", b""
            if not (last := reply.get("LastEvaluatedKey")):
                return
            start = {"ExclusiveStartKey": last}

    def warnings(self) -> Iterable[str]:
        """Return a warning for each setting that would lose drafts.

        Raise StoreError.
        """
        table, attribute = self._place.table, self._place.expiration_time_field
        if self._is_shared:
            yield (
                f"The cache's clear() empties the DynamoDB table {table}, drafts "
                "included. Give drafts a table of their own: dynamodb://other-table"
            )
        with self._store_errors():
            client = self._clients.own()
            found = client.describe_table(TableName=table)["Table"]
            ttl = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if not self._fits(found):
            yield f"No draft can be saved: {self._expected_of_table()}"
        enabled = ttl["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
        if not enabled or ttl.get("AttributeName") != attribute:
            yield (
                f"Nothing removes expired drafts from the DynamoDB table {table}: "
                f"enable its time to live (TTL) on the attribute {attribute!r}."
            )

    def create_table(self) -> None:
        """Create the table, billed by request, with its time to live; wait for it.

        Raise StoreError, also if the table exists already.
        """
        place = self._place
        with self._store_errors():
            client = self._clients.own()
            client.create_table(
                TableName=place.table,
                KeySchema=[{"AttributeName": place.key_field, "KeyType": "HASH"}],
                AttributeDefinitions=[
                    {"AttributeName": place.key_field, "AttributeType": "S"}
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            client.get_waiter("table_exists").wait(
                TableName=place.table, WaiterConfig={"Delay": 2, "MaxAttempts": 60}
            )
            client.update_time_to_live(
                TableName=place.table,
                TimeToLiveSpecification={
                    "Enabled": True,
                    "AttributeName": place.expiration_time_field,
                },
            )

    def _key(self, key: str) -> dict[str, Any]:
        return {self._place.key_field: {"S": f"{PREFIX}{self._place.prefix}{key}"}}

    def _put(
        self,
        key: str,
        value: _Value,
        condition: str,
        *,
        names: dict[str, str],
        values: dict[str, Any],
    ) -> bool:
        """Write an item if the condition holds; return True if it was written.

        If the reply to a first attempt is lost, the second attempt fails on the first's
        item. The caller then loads it, and finds its own version.
        """
        expires = self._place.expiration_time_field
        with self._store_errors():
            client = self._clients.own()
            try:
                client.put_item(
                    TableName=self._place.table,
                    Item=self._key(key)
                    | {
                        VERSION: {"B": value.version},
                        BLOB: {"B": value.blob},
                        expires: {"N": str(value.expires)},
                    },
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#expires": expires, **names},
                    ExpressionAttributeValues={
                        ":now": {"N": str(time.time())},
                        **values,
                    },
                )
            except ClientError as error:
                # Not client.exceptions: it makes its classes at the first use, and
                # threads that use it at once may catch another class than is raised.
                if _code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _parse(self, item: dict[str, Any]) -> _Value:
        try:
            expires = int(item[self._place.expiration_time_field]["N"])
            return _Value(item[BLOB]["B"], item[VERSION]["B"], expires)
        except (KeyError, ValueError) as error:
            raise UnreadableDraftError(
                f"An item in the DynamoDB table {self._place.table} is damaged, or not "
                "one of this store."
            ) from error

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        drafts = f"Drafts in the DynamoDB table {self._place.table}"
        try:
            yield
        except ClientError as error:
            missing = _code_of(error) == "ResourceNotFoundException"
            hint = f". {self._expected_of_table()}" if missing else ""
            raise StoreError(f"{drafts}: {error}{hint}") from error
        except (BotoCoreError, ResponseParserError) as error:
            raise StoreError(f"{drafts}: {error}") from error

    def _expected_of_table(self) -> str:
        return (
            f"Expected is a DynamoDB table {self._place.table} whose primary key is "
            f"the string {self._place.key_field!r} alone; create_table() of this store "
            "creates one."
        )

    def _fits(self, table: dict[str, Any]) -> bool:
        key = self._place.key_field
        string = {"AttributeName": key, "AttributeType": "S"}
        return (
            table["KeySchema"] == [{"AttributeName": key, "KeyType": "HASH"}]
            and string in table["AttributeDefinitions"]
        )


class _Value(NamedTuple):
    blob: bytes
    version: bytes
    expires: int  # seconds since the epoch, as DynamoDB's TTL requires


class _Clients:
    """One client per process: a forked child would share its parent's connections."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._made = os.getpid(), _private_client(model)

    def own(self) -> Any:
        process, client = self._made
        if process != os.getpid():
            # Two threads may both get here; each then has a client that works.
            client = _private_client(self._model)
            self._made = os.getpid(), client
        return client


class _Credentials:
    """Provides the credentials of another client, which renew themselves."""

    def __init__(self, model: Any) -> None:
        self._credentials = model._request_signer._credentials

    def load_credentials(self) -> Any:
        return self._credentials


def _private_client(model: Any) -> Any:
    """Return a client with the settings of ``model``, and limits of time."""
    session = get_session()
    session.register_component("credential_provider", _Credentials(model))
    session.register_component("data_loader", model._loader)  # its files are loaded
    session.register("after-call.dynamodb", _check)
    settings = {
        "region_name": model.meta.region_name,
        "verify": model._endpoint.http_session._verify,
        "config": _limited(model.meta.config),
    }
    client = session.create_client("dynamodb", **settings)
    endpoint = model.meta.endpoint_url
    if client.meta.endpoint_url == endpoint:
        return client
    # Only if it differs: botocore refuses an explicit endpoint of Amazon's with dual
    # stack.
    return session.create_client("dynamodb", endpoint_url=endpoint, **settings)


def _limited(config: Any) -> Any:
    """Return the config with our limits where the application has set none."""
    limits: dict[str, Any] = {}
    if config.connect_timeout == DEFAULT_TIMEOUT:
        limits["connect_timeout"] = CONNECT_TIMEOUT
    if config.read_timeout == DEFAULT_TIMEOUT:
        limits["read_timeout"] = READ_TIMEOUT
    retries = config.retries or {}
    if not retries.keys() & {"total_max_attempts", "max_attempts"}:
        limits["retries"] = {**retries, "total_max_attempts": ATTEMPTS}
    return config.merge(Config(**limits))


def _place_of(cache: DynamoDbCache) -> Place:
    return Place(
        cache._dynamo.meta.client,
        cache._table_name,
        cache._key_field,
        cache._expiration_time_field,
        cache.key_prefix,
    )


def _place_in(url: str) -> Place:
    """Return the table in a URL.

    Raise ConfigurationError without the URL, which may have a secret in it.
    """
    parts = urlsplit(url)
    if not TABLE_NAME.fullmatch(parts.netloc) or parts.path.strip("/"):
        raise ConfigurationError(
            f"The store's URL names no DynamoDB table. Expected is {EXAMPLE}, and the "
            "credentials where boto3 looks for them, not in the URL."
        )
    options = dict(parse_qsl(parts.query))
    if unknown := options.keys() - {*REACHED, *LIMITS, *NAMES}:
        raise ConfigurationError(
            f"The store's URL has the options {sorted(unknown)}. "
            f"Known are {', '.join((*REACHED, *LIMITS, *NAMES))}."
        )
    names = {name: options[name] for name in NAMES if name in options}
    return Place(_model(options), parts.netloc, **names)


def _model(options: dict[str, str]) -> Any:
    limits = {n: seconds_in(n, options[n]) for n in LIMITS if n in options}
    reached = {REACHED[n]: options[n] for n in REACHED if n in options}
    try:
        return boto3.client("dynamodb", config=Config(**limits), **reached)
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(
            f"boto3 has refused the store's URL: {error} Expected is {EXAMPLE}."
        ) from error


def _code_of(error: ClientError) -> str:
    """Return DynamoDB's code of an error."""
    return str(error.response["Error"]["Code"])


def _end(ttl: int) -> int:
    return math.ceil(time.time()) + ttl


def _check(http_response: Any, **_: Any) -> None:
    """Raise StoreError for a response that is cut off or not DynamoDB's.

    botocore takes it for an empty response: a draft would seem to be absent, or to be
    saved.
    """
    if http_response.status_code >= 300:
        return  # botocore raises an error
    kind = http_response.headers.get("content-type", "")
    try:
        json.loads(http_response.content)
    except ValueError as error:
        raise StoreError(f"DynamoDB's answer is cut off, or {kind!r}.") from error
    if not kind.startswith(JSON):
        raise StoreError(f"Something has answered in place of DynamoDB, in {kind!r}.")
