"""The DynamoDB store: the contract on moto's server, and what is its alone."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from apps import MakeApp
from botocore.client import BaseClient  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.errorfactory import (  # type: ignore[import-untyped]
    ClientExceptionsFactory,
)
from botocore.exceptions import (  # type: ignore[import-untyped]
    ClientError,
    HTTPClientError,
    NoCredentialsError,
)
from cachelib.dynamodb import DynamoDbCache
from moto_server import MotoServer
from proxy import Mode, Proxy
from scripts import run_script
from servers import free_port, running
from store_wrappers import put
from visitor import Visitor
from wizards import Join, committed

from flask_wizard.drafts.encrypted_store import EncryptedStore
from flask_wizard.drafts.keyring import Keyring, Kind
from flask_wizard.errors import ConfigurationError, StoreError
from flask_wizard.stores import new_version
from flask_wizard.stores.dynamodb import DynamoDBStore
from flask_wizard.stores.registry import open_store
from flask_wizard.testing.store_contract import (
    ListingStoreContract,
    OutageContract,
    Reopen,
    ServerContract,
    SharedStoreContract,
)

TTL = 60

numbers = count()
Items = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """Credentials, where boto3 looks first, and nothing of this machine's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    """One server for all tests; what stops it starts it again."""
    server = MotoServer(tmp_path_factory.mktemp("moto"))
    with running(server):
        yield server


@pytest.fixture
def proxy(moto: MotoServer) -> Iterator[Proxy]:
    proxy = Proxy(moto.port)
    yield proxy
    proxy.kill()


@pytest.fixture(scope="module")
def shared(moto: MotoServer) -> str:
    """The name of a table, in which each test has a prefix of its own."""
    opened(url_of("shared", moto.port)).create_table()
    return "shared"


@pytest.fixture
def url(moto: MotoServer, shared: str) -> str:
    return f"{url_of(shared, moto.port)}&prefix=test{next(numbers)}:"


@pytest.fixture
def store(url: str) -> DynamoDBStore:
    return opened(url)


@pytest.fixture
def distant_url(shared: str, proxy: Proxy) -> str:
    """The same, over a network that can be told to lose replies."""
    return f"{url_of(shared, proxy.port)}&prefix=test{next(numbers)}:"


@pytest.fixture
def table() -> str:
    """The name of a table that only this test has, once it is made."""
    return f"table{next(numbers)}"


@pytest.fixture
def cache(moto: MotoServer, table: str) -> DynamoDbCache:
    """It makes its table."""
    return DynamoDbCache(table, endpoint_url=moto.url)


@pytest.fixture
def lone_store(moto: MotoServer, table: str) -> DynamoDBStore:
    """On a table of its own, that is made if the test says so."""
    return opened(url_of(table, moto.port))


@pytest.fixture
def lone_items(table: str, client: Any, lone_store: DynamoDBStore) -> Items:
    """What is in that table."""
    lone_store.create_table()
    return lambda: client.scan(TableName=table)["Items"]


@pytest.fixture
def client(moto: MotoServer) -> Any:
    return boto3.client("dynamodb", endpoint_url=moto.url)


def url_of(table: str, port: int) -> str:
    """With wide limits: a machine that runs tests may be busy."""
    limits = "connect_timeout=20&read_timeout=20"
    return f"dynamodb://{table}?endpoint=http://127.0.0.1:{port}&{limits}"


def opened(url: str) -> DynamoDBStore:
    return DynamoDBStore.from_url(url)


class TestDynamoDBStore(SharedStoreContract, ListingStoreContract, OutageContract):
    ttl = 60  # seconds, none of which a test waits for
    increments = 5

    @pytest.fixture
    def reopen(self, url: str, tmp_path: Path) -> Reopen:
        return partial(open_store, url, tmp_path)

    @pytest.fixture
    def broken_store(self) -> DynamoDBStore:
        return opened(url_of("drafts", free_port()))


class TestDynamoDBServer(ServerContract):
    @pytest.fixture
    def server(self, proxy: Proxy) -> Proxy:
        return proxy

    @pytest.fixture
    def store(self, distant_url: str) -> DynamoDBStore:
        return opened(f"{distant_url}&read_timeout=4")


def test_lost_race_needs_no_class_of_botocore(
    store: DynamoDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that ask for its classes at once have different ones."""
    make = ClientExceptionsFactory()._create_client_exceptions
    different = property(lambda client: make(client.meta.service_model))
    monkeypatch.setattr(BaseClient, "exceptions", different)
    version = put(store, "key")
    assert not store.create("key", b"second", new_version(), TTL)
    assert not store.replace("key", b"second", new_version(), new_version(), TTL)
    assert store.load("key") == (b"blob", version)


# What is in the table


def test_cache_means_a_dynamodb_store(cache: DynamoDbCache, tmp_path: Path) -> None:
    assert isinstance(open_store(cache, tmp_path / "unused"), DynamoDBStore)


def test_values_of_the_cache_are_its_own(cache: DynamoDbCache) -> None:
    cache.set("key", "the cache's")
    store = DynamoDBStore(cache)
    assert store.load("key") is None
    put(store, "key")
    assert cache.get("key") == "the cache's"


def test_names_of_the_cache_are_kept(moto: MotoServer, table: str, client: Any) -> None:
    cache = DynamoDbCache(
        table,
        key_field="name",
        expiration_time_field="until",
        key_prefix="site:",
        endpoint_url=moto.url,
    )
    put(DynamoDBStore(cache), "key", b"blob")
    (item,) = client.scan(TableName=table)["Items"]
    assert item["name"] == {"S": "flask_wizard:site:key"}
    assert "until" in item


def test_url_may_have_the_names_of_a_cache(moto: MotoServer, table: str) -> None:
    cache = DynamoDbCache(
        table,
        key_field="name",
        expiration_time_field="until",
        key_prefix="a",
        endpoint_url=moto.url,
    )
    put(DynamoDBStore(cache), "key", b"blob")
    names = "prefix=a&key_field=name&expiration_time_field=until"
    assert opened(f"{url_of(table, moto.port)}&{names}").load("key") is not None


def test_prefixes_keep_drafts_apart(store: DynamoDBStore, url: str) -> None:
    put(store, "key")
    assert opened(f"{url}another").load("key") is None


def test_expiry_is_what_the_time_to_live_expects(
    lone_store: DynamoDBStore, lone_items: Items
) -> None:
    """Whole seconds since 1970."""
    before = time.time()
    put(lone_store, "key")
    (item,) = lone_items()
    expires = int(item["expiration_time"]["N"])
    assert before + TTL <= expires <= time.time() + TTL + 1


def test_item_that_has_expired_is_absent_before_it_is_removed(
    lone_store: DynamoDBStore, lone_items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lone_store, "key")
    later = time.time() + TTL + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert lone_store.load("key") is None
    assert len(lone_items()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"wizard_blob": {"S": "text"}},
        {"wizard_version": {"S": "text"}},
        {"wizard_version": None},
        {"expiration_time": None},
        {"expiration_time": {"N": "0.5"}},
    ],
    ids=lambda change: " ".join(map(str, change.items())),
)
def test_damaged_item_is_reported(
    change: dict[str, Any],
    lone_store: DynamoDBStore,
    lone_items: Items,
    table: str,
    client: Any,
) -> None:
    put(lone_store, "key")
    (item,) = lone_items()
    item.update(change)
    client.put_item(
        TableName=table, Item={name: item[name] for name in item if item[name]}
    )
    with pytest.raises(StoreError, match="damaged"):
        lone_store.load("key")


# The table


def test_missing_table_is_described(lone_store: DynamoDBStore, table: str) -> None:
    with pytest.raises(StoreError) as raised:
        lone_store.load("key")
    expected = f"Expected is a DynamoDB table {table} whose primary key is the string"
    assert f"{expected} 'cache_key' alone" in str(raised.value)
    assert isinstance(raised.value.__cause__, ClientError)


def test_table_is_made_once(store: DynamoDBStore) -> None:
    with pytest.raises(StoreError, match="already exists"):
        store.create_table()


def test_table_of_another_key_is_an_outage(url: str, store: DynamoDBStore) -> None:
    other = opened(f"{url}&key_field=name")
    with pytest.raises(StoreError):
        other.create("key", b"blob", new_version(), TTL)
    with pytest.raises(StoreError):
        other.load("key")


# Start-up


def test_start_has_nothing_to_say(store: DynamoDBStore) -> None:
    assert list(store.warnings()) == []


def test_start_warns_of_the_cache(cache: DynamoDbCache) -> None:
    (warning,) = DynamoDBStore(cache).warnings()
    assert "clear() empties the DynamoDB table" in warning


def test_cache_empties_the_table(cache: DynamoDbCache) -> None:
    """Should it ever spare others' items, the warning can go."""
    store = DynamoDBStore(cache)
    put(store, "key")
    cache.clear()
    assert store.load("key") is None


@pytest.mark.parametrize("attribute", [None, "another"])
def test_start_warns_if_nothing_expires(
    attribute: str | None, lone_store: DynamoDBStore, table: str, client: Any
) -> None:
    make_table(client, table, "S")
    if attribute is not None:
        client.update_time_to_live(
            TableName=table,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
        )
    (warning,) = lone_store.warnings()
    assert f"Nothing removes expired drafts from the DynamoDB table {table}" in warning
    assert "'expiration_time'" in warning


@pytest.mark.parametrize(
    ("kind", "names"),
    [("N", ["cache_key"]), ("S", ["another"]), ("S", ["cache_key", "sort"])],
)
def test_start_warns_of_another_key(
    kind: str, names: list[str], lone_store: DynamoDBStore, table: str, client: Any
) -> None:
    make_table(client, table, kind, *names)
    warning, _ = lone_store.warnings()
    assert "No draft can be saved" in warning
    assert "is the string 'cache_key' alone" in warning


def make_table(client: Any, table: str, kind: str, *names: str) -> None:
    """Without time to live. ``names`` are those of the partition and the sort key."""
    keys = list(zip(names or ["cache_key"], ["HASH", "RANGE"], strict=False))
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": key, "KeyType": role} for key, role in keys],
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, _ in keys
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def test_start_tells_that_the_table_is_missing(lone_store: DynamoDBStore) -> None:
    with pytest.raises(StoreError, match="Expected is a DynamoDB table"):
        list(lone_store.warnings())


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "dynamodb:",
        "dynamodb://",
        "dynamodb://ab",
        "dynamodb://table/secret",
        "dynamodb://key:secret@table",
        "dynamodb://table:80",
    ],
)
def test_url_that_names_no_table_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="names no DynamoDB table") as raised:
        opened(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("regio=x", r"\['regio'\]. Known are region, endpoint, connect_timeout"),
        ("read_timeout=0", "read_timeout in the store's URL is '0'"),
        ("connect_timeout=soon", "connect_timeout in the store's URL is 'soon'"),
        ("endpoint=nowhere", "Invalid endpoint: nowhere"),
        ("region=no%20where", "region"),
    ],
)
def test_option_that_will_not_do_is_refused(query: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        opened(f"dynamodb://drafts?{query}")


def test_region_that_nobody_names_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match="specify a region"):
        opened("dynamodb://drafts")


def test_table_is_named_as_it_is(table: str, moto: MotoServer) -> None:
    name = f"Drafts_{table}.A-b"
    store = opened(url_of(name, moto.port))
    store.create_table()
    put(store, "key")
    assert store.load("key") is not None


# Connections: what the application has set, and our limits


def made(store: DynamoDBStore) -> Any:
    return store._clients.own()


def address_of(store: DynamoDBStore) -> str:
    """Where its requests go. This one gets nowhere."""
    asked = []

    def stop(request: Any, **_: Any) -> None:
        asked.append(request.url)
        raise HTTPClientError(error="no network")

    made(store).meta.events.register("before-send.dynamodb", stop)
    with pytest.raises(StoreError, match="no network"):
        store.load("key")
    return str(asked[0])


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com/"),
        ("cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"),
    ],
)
def test_region_leads_to_amazon(region: str, address: str) -> None:
    assert address_of(opened(f"dynamodb://drafts?region={region}")) == address


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "https://dynamodb-fips.us-east-1.amazonaws.com/"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "https://dynamodb.us-east-1.api.aws/"),
    ],
)
def test_amazons_other_endpoints_are_kept(
    setting: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert address_of(opened("dynamodb://drafts?region=us-east-1")) == address


def test_certificates_of_the_cache_are_kept(moto: MotoServer, table: str) -> None:
    cache = DynamoDbCache(table, endpoint_url=moto.url, verify=False)
    assert made(DynamoDBStore(cache))._endpoint.http_session._verify is False


def test_limits_are_one_and_two_seconds(cache: DynamoDbCache) -> None:
    config = made(DynamoDBStore(cache)).meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 2)


def test_url_may_have_its_own_limits(url: str) -> None:
    config = made(opened(f"{url}&connect_timeout=0.5&read_timeout=7")).meta.config
    assert (config.connect_timeout, config.read_timeout) == (0.5, 7)


def test_limits_of_the_cache_are_kept(moto: MotoServer, table: str) -> None:
    own = Config(connect_timeout=3, read_timeout=4, retries={"max_attempts": 5})
    cache = DynamoDbCache(table, endpoint_url=moto.url, config=own)
    config = made(DynamoDBStore(cache)).meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 4)
    assert config.retries["total_max_attempts"] == 6


def test_client_of_the_cache_is_left_alone(cache: DynamoDbCache) -> None:
    own = cache._dynamo.meta.client
    before = own.meta.config.read_timeout
    assert made(DynamoDBStore(cache)) is not own
    assert own.meta.config.read_timeout == before


# Trouble


class Answers(ThreadingHTTPServer):
    """Gives one answer to every request, and remembers headers and bodies."""

    def __init__(self, status: int, kind: str, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.given = status, kind, body
        self.asked: list[tuple[Any, Any]] = []

    def __enter__(self) -> Answers:
        threading.Thread(target=self.serve_forever, args=[0.01]).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.headers, json.loads(request)))
        status, kind, body = self.server.given
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing, on the standard error."""


JSON = "application/x-amz-json-1.0"
ACTIVE = b'{"Table": {"TableName": "drafts", "TableStatus": "ACTIVE"}}'
THROTTLED = b'{"__type": "ProvisionedThroughputExceededException", "message": "full"}'
DENIED = b'{"__type": "AccessDeniedException", "message": "not yours"}'


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", b"<h1>It works!</h1>"),
        (200, "application/json", b"{}"),
        (200, JSON, b'{"Item": {"cache_key"'),
        (200, JSON, b""),
        (400, JSON, THROTTLED),
        (400, JSON, DENIED),
        (500, JSON, b""),
        (503, "text/html", b"<h1>Sorry</h1>"),
    ],
)
@pytest.mark.parametrize("call", ["load", "create", "replace"])
def test_anything_else_that_answers_is_an_outage(
    status: int, kind: str, body: bytes, call: str
) -> None:
    version = new_version()
    arguments = {
        "load": (),
        "create": (b"blob", version, TTL),
        "replace": (b"blob", version, version, TTL),
    }
    with Answers(status, kind, body) as server:
        store = opened(url_of("drafts", server.server_port))
        with pytest.raises(StoreError):
            getattr(store, call)("key", *arguments[call])
    assert server.asked


def test_table_that_is_full_is_asked_twice() -> None:
    with Answers(400, JSON, THROTTLED) as server:
        store = opened(url_of("drafts", server.server_port))
        with pytest.raises(StoreError, match="ProvisionedThroughputExceeded"):
            store.create("key", b"blob", new_version(), TTL)
    assert len(server.asked) == 2


def test_reads_are_consistent() -> None:
    """An older state would be shown, or taken for the present one, without it."""
    with Answers(200, JSON, b"{}") as server:
        assert opened(url_of("drafts", server.server_port)).load("key") is None
    ((_, request),) = server.asked
    assert request["ConsistentRead"] is True


def test_credentials_of_the_cache_are_used() -> None:
    with Answers(200, JSON, ACTIVE) as server:
        cache = DynamoDbCache(
            "drafts",
            endpoint_url=server.url,
            aws_access_key_id="THEIRS",
            aws_secret_access_key="secret",
        )
        DynamoDBStore(cache).load("key")
    headers, _ = server.asked[-1]
    assert "Credential=THEIRS/" in headers["Authorization"]


def test_credentials_that_nobody_has_are_an_outage(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(StoreError) as raised:
        opened(url).load("key")
    assert isinstance(raised.value.__cause__, NoCredentialsError)


def test_value_that_is_too_big_leaves_the_old_one(store: DynamoDBStore) -> None:
    version = put(store, "key", b"first")
    with pytest.raises(StoreError, match="maximum allowed size") as raised:
        store.replace("key", bytes(420_000), new_version(), version, TTL)
    assert isinstance(raised.value.__cause__, ClientError)
    assert store.load("key") == (b"first", version)


def test_value_that_is_too_big_is_not_made(store: DynamoDBStore) -> None:
    with pytest.raises(StoreError, match="maximum allowed size"):
        store.create("key", bytes(420_000), new_version(), TTL)
    assert store.load("key") is None


# Lost replies, and lines that break


@pytest.fixture
def encrypted_store(distant_url: str) -> EncryptedStore:
    return EncryptedStore(opened(distant_url), Keyring(["secret"]), compress_above=999)


def test_lost_reply_to_a_creation(
    encrypted_store: EncryptedStore, proxy: Proxy
) -> None:
    _, version = encrypted_store.load("draft", "one")
    proxy.lose_replies()
    encrypted_store.save(version, b"first", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert encrypted_store.load("draft", "one")[0] == b"first"


def test_lost_reply_to_a_replacement(
    encrypted_store: EncryptedStore, proxy: Proxy
) -> None:
    _, version = encrypted_store.load("draft", "one")
    version = encrypted_store.save(version, b"first", kind=Kind.DRAFT, ttl=TTL)
    proxy.lose_replies()
    encrypted_store.save(version, b"second", kind=Kind.DRAFT, ttl=TTL)
    assert proxy.replies_to_lose == 0
    assert encrypted_store.load("draft", "one")[0] == b"second"


def test_lost_replies_are_an_outage(distant_url: str, proxy: Proxy) -> None:
    """Of both attempts; the value is there all the same, and known by its version."""
    store = opened(distant_url)
    version = new_version()
    proxy.lose_replies(2)
    with pytest.raises(StoreError):
        store.create("key", b"blob", version, TTL)
    assert not store.create("key", b"blob", version, TTL)
    assert store.load("key") == (b"blob", version)


# Processes


def test_forked_processes_share_no_connection(store: DynamoDBStore, url: str) -> None:
    script = """
    import os, sys
    from pathlib import Path
    from flask_wizard.stores import new_version
    from flask_wizard.stores.dynamodb import DynamoDBStore

    store = DynamoDBStore.from_url(sys.argv[1], Path())

    def work(key):
        version = new_version()
        assert store.create(key, key.encode(), version, 60)
        for _ in range(30):
            assert store.load(key) == (key.encode(), version)

    store.load("nothing")
    children = []
    for number in range(3):
        child = os.fork()
        if not child:
            work(f"key{number}")
            os._exit(0)
        children.append(child)
    work("parent")
    print([os.waitpid(child, 0)[1] for child in children])
    """
    assert run_script(script, url) == "[0, 0, 0]"


def test_missing_driver_is_named() -> None:
    script = """
    import sys
    from pathlib import Path
    sys.modules["boto3"] = None
    from flask_wizard.errors import ConfigurationError
    from flask_wizard.stores.registry import open_store

    try:
        open_store("dynamodb://drafts", Path())
    except ConfigurationError as error:
        print(error)
    """
    said = run_script(script)
    assert "DynamoDBStore needs boto3, which is not installed" in said
    assert "pip install 'flask-wizard-forms[dynamodb]'" in said


# Whole journeys


@pytest.fixture
def visitor(make_app: MakeApp, distant_url: str) -> Visitor:
    return Visitor(make_app(Join, store=distant_url))


def test_journey_ends_in_its_commit(visitor: Visitor) -> None:
    visitor.open()
    visitor.fill(name="Ada")
    visitor.fill(pet="Rex")
    visitor.press("next")
    (submission,) = committed
    assert submission.data["pet"]["pet"] == "Rex"


def test_outage_shows_what_was_typed(visitor: Visitor, proxy: Proxy) -> None:
    visitor.open()
    visitor.fill(name="Ada")
    proxy.mode = Mode.REFUSE
    page = visitor.fill(pet="Rex")
    assert (page.status, page.value("pet")) == (503, "Rex")


def test_journey_goes_on_after_an_outage(visitor: Visitor, proxy: Proxy) -> None:
    visitor.open()
    visitor.fill(name="Ada")
    proxy.mode = Mode.REFUSE
    visitor.fill(pet="Rex")
    proxy.mode = Mode.PASS
    visitor.press("next")
    visitor.press("next")
    assert committed[0].data["pet"]["pet"] == "Rex"
