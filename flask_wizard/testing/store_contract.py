"""The contracts of stores. Subclass those that fit a store of your own.

    class TestMyStore(SharedStoreContract):
        @pytest.fixture
        def reopen(self, tmp_path):
            return partial(MyStore, tmp_path / "drafts")

        @pytest.fixture
        def store(self, reopen):
            return reopen()

``store`` returns an empty store. ``reopen`` returns a function that returns another
handle on the same values. ``SharedStoreContract`` calls that in other processes too, so
it must be picklable.

``ServerContract`` needs a ``server`` that only this test uses, with the methods of
``StoppableServer``, and a ``store`` that finds it again at the same address.

``FullContract`` needs ``full``, a function that returns a context manager. Inside its
block the store must have no room for 200 KB more.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from multiprocessing.synchronize import Barrier
from typing import Protocol, TypeVar

import pytest

from flask_wizard.errors import StoreError
from flask_wizard.stores import DraftStore, ListingStore, SweptStore, new_version

Reopen = Callable[[], DraftStore]
Full = Callable[[], AbstractContextManager[object]]
Result = TypeVar("Result")

TTL = 2  # seconds
LONG = 3600  # seconds, for values that must not expire on a busy machine
PATIENCE = 60.0  # seconds that racing calls wait for each other
LISTED = 120  # values: more than a store reads at once
RENEWED = 40  # values of each thread during a sweep
LARGE = bytes(200_000)
# Neither hands an open connection on to a new process.
METHODS = multiprocessing.get_all_start_methods()
STORES = DraftStore.__module__
METHOD = "forkserver" if "forkserver" in METHODS else "spawn"


class Clocked:
    """The base class of contracts in which values expire."""

    #: The lifetime of those values, in whole seconds. Make it longer if ``pass_time``
    #: does not wait, so that a busy machine is not too late.
    ttl = TTL

    @pytest.fixture
    def pass_time(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
        """Return a function that advances the clock.

        Override it by ``time.sleep`` if the engine has a clock of its own.
        """

        def pass_time(seconds: float) -> None:
            now = time.time()
            monkeypatch.setattr(time, "time", lambda: now + seconds)

        return pass_time


class StoreContract(Clocked):
    """The contract of every store. Supply the fixtures ``store`` and ``reopen``."""

    #: How many increments each of the threads or processes makes that contend. Make it
    #: less if a call takes milliseconds: each increment is refused many times.
    increments = 25

    def test_is_a_draft_store(self, store: DraftStore) -> None:
        assert isinstance(store, DraftStore)

    def test_absent_value_is_none(self, store: DraftStore) -> None:
        assert store.load("absent") is None

    def test_load_returns_blob_and_version(self, store: DraftStore) -> None:
        version = new_version()
        assert store.create("key", b"blob", version, LONG)
        assert store.load("key") == (b"blob", version)

    @pytest.mark.parametrize(
        "blob",
        [b"", bytes(range(256)), b"\x00" * 200_000, bytes(range(250)) * 800],
        ids=["empty", "every byte", "200 KB of zeros", "200 KB"],
    )
    def test_blob_comes_back_exactly(self, store: DraftStore, blob: bytes) -> None:
        first, second = new_version(), new_version()
        assert store.create("key", blob, first, LONG)
        assert store.load("key") == (blob, first)
        assert store.replace("key", blob, second, first, LONG)
        assert store.load("key") == (blob, second)

    @pytest.mark.parametrize(
        "version", [b"\x00" * 12, b"\xff" * 12, b"'\"\n\r\\%?:;`$ "]
    )
    def test_any_bytes_are_a_version(self, store: DraftStore, version: bytes) -> None:
        assert store.create("key", b"one", version, LONG)
        assert store.load("key") == (b"one", version)
        assert store.replace("key", b"two", new_version(), version, LONG)

    def test_longest_keys_do_not_meet(self, store: DraftStore) -> None:
        keys = ["k" * 63 + end for end in "abAB-_01"]
        for key in keys:
            assert store.create(key, key.encode(), new_version(), LONG)
        found = [store.load(key) for key in keys]
        assert [kept and kept[0] for kept in found] == [key.encode() for key in keys]

    def test_create_keeps_the_first(self, store: DraftStore) -> None:
        version = new_version()
        assert store.create("key", b"first", version, LONG)
        assert not store.create("key", b"second", new_version(), LONG)
        assert store.load("key") == (b"first", version)

    def test_replace_at_the_expected_version(self, store: DraftStore) -> None:
        first, second = new_version(), new_version()
        store.create("key", b"first", first, LONG)
        assert store.replace("key", b"second", second, first, LONG)
        assert store.load("key") == (b"second", second)

    def test_replace_at_another_version_is_refused(self, store: DraftStore) -> None:
        first, second = new_version(), new_version()
        store.create("key", b"first", first, LONG)
        store.replace("key", b"second", second, first, LONG)
        assert not store.replace("key", b"third", new_version(), first, LONG)
        assert store.load("key") == (b"second", second)

    def test_replace_of_an_absent_value_is_refused(self, store: DraftStore) -> None:
        assert not store.replace("key", b"blob", new_version(), new_version(), LONG)
        assert store.load("key") is None

    def test_other_keys_are_left_alone(self, store: DraftStore) -> None:
        one, two = new_version(), new_version()
        store.create("one", b"1", one, LONG)
        store.create("two", b"2", two, LONG)
        assert not store.replace("two", b"x", new_version(), one, LONG)
        assert store.replace("one", b"x", new_version(), one, LONG)
        assert store.load("two") == (b"2", two)

    def test_another_handle_sees_the_same_values(
        self, store: DraftStore, reopen: Reopen
    ) -> None:
        first, second = new_version(), new_version()
        store.create("key", b"first", first, LONG)
        other = reopen()
        assert other.load("key") == (b"first", first)
        assert other.replace("key", b"second", second, first, LONG)
        assert store.load("key") == (b"second", second)

    def test_value_lives_for_its_lifetime(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        version = new_version()
        store.create("key", b"blob", version, self.ttl)
        pass_time(self.ttl * 0.5)
        assert store.load("key") == (b"blob", version)

    def test_expired_value_is_absent(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        store.create("key", b"blob", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        assert store.load("key") is None

    def test_expired_value_cannot_be_replaced(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        version = new_version()
        store.create("key", b"blob", version, self.ttl)
        pass_time(self.ttl + 1)
        assert not store.replace("key", b"late", new_version(), version, self.ttl)
        assert store.load("key") is None

    def test_create_over_an_expired_value(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        second = new_version()
        store.create("key", b"first", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        assert store.create("key", b"second", second, self.ttl)
        assert store.load("key") == (b"second", second)

    def test_create_over_an_expired_value_has_its_own_lifetime(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        store.create("key", b"first", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        store.create("key", b"second", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        assert store.load("key") is None

    def test_replace_renews_the_lifetime(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        first, second = new_version(), new_version()
        store.create("key", b"first", first, self.ttl)
        pass_time(self.ttl * 0.5)
        assert store.replace("key", b"second", second, first, self.ttl)
        pass_time(self.ttl * 0.75)
        assert store.load("key") == (b"second", second)

    def test_replace_may_shorten_the_lifetime(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        first = new_version()
        store.create("key", b"first", first, 3600)
        assert store.replace("key", b"second", new_version(), first, self.ttl)
        pass_time(self.ttl + 1)
        assert store.load("key") is None

    def test_lifetime_of_a_year(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        version = new_version()
        assert store.create("key", b"blob", version, 365 * 24 * 60 * 60)
        pass_time(self.ttl + 1)
        assert store.load("key") == (b"blob", version)

    def test_lost_reply_to_create_is_recognised(self, store: DraftStore) -> None:
        version = new_version()
        store.create("key", b"blob", version, LONG)
        assert not store.create("key", b"blob", version, LONG)
        assert store.load("key") == (b"blob", version)

    def test_lost_reply_to_replace_is_recognised(self, store: DraftStore) -> None:
        first, second = new_version(), new_version()
        store.create("key", b"first", first, LONG)
        store.replace("key", b"second", second, first, LONG)
        assert not store.replace("key", b"second", second, first, LONG)
        assert store.load("key") == (b"second", second)

    def test_one_thread_wins_a_create(self, store: DraftStore) -> None:
        for key in map(str, range(20)):
            versions = [new_version() for _ in range(16)]
            won = _race([partial(store.create, key, own, own, 60) for own in versions])
            assert won.count(True) == 1
            winner = versions[won.index(True)]
            assert store.load(key) == (winner, winner)

    def test_one_thread_wins_a_replace(self, store: DraftStore) -> None:
        expected = new_version()
        store.create("key", b"", expected, 60)
        for _ in range(20):
            versions = [new_version() for _ in range(16)]
            won = _race(
                [
                    partial(store.replace, "key", own, own, expected, 60)
                    for own in versions
                ]
            )
            assert won.count(True) == 1
            expected = versions[won.index(True)]
            assert store.load("key") == (expected, expected)

    def test_one_thread_wins_an_expired_value(
        self, store: DraftStore, pass_time: Callable[[float], None]
    ) -> None:
        store.create("key", b"old", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        creators = [
            partial(store.create, "key", b"new", new_version(), 60) for _ in range(16)
        ]
        assert _race(creators).count(True) == 1

    def test_threads_lose_no_increment(self, store: DraftStore) -> None:
        store.create("counter", b"0", new_version(), 60)
        times = self.increments
        _race([partial(_increment, store, "counter", times) for _ in range(8)])
        assert _number(store, "counter") == 8 * times


class SharedStoreContract(StoreContract):
    """The contract of a store that processes share."""

    def test_processes_lose_no_increment(
        self, store: DraftStore, reopen: Reopen
    ) -> None:
        store.create("counter", b"0", new_version(), 60)
        times = self.increments
        _in_processes(8, partial(_increment_elsewhere, reopen, "counter", times))
        assert _number(store, "counter") == 8 * times

    def test_one_process_wins_each_create(
        self, store: DraftStore, reopen: Reopen
    ) -> None:
        won = _in_processes(4, partial(_create_elsewhere, reopen, 100))
        assert sorted(chain.from_iterable(won)) == list(range(100))


class SweptStoreContract(Clocked):
    """The contract of a store whose engine does not remove expired values by itself."""

    def test_is_a_swept_store(self, store: SweptStore) -> None:
        assert isinstance(store, SweptStore)

    def test_sweep_removes_all_that_expired(self, store: SweptStore) -> None:
        for number in range(20):
            store.create(f"old{number}", b"blob", new_version(), TTL)
        assert store.sweep(time.time() + TTL + 1) == 20
        assert store.sweep(time.time() + TTL + 1) == 0
        assert all(store.load(f"old{number}") is None for number in range(20))

    def test_sweep_keeps_what_lives(self, store: SweptStore) -> None:
        version = new_version()
        store.create("living", b"blob", version, 3600)
        store.create("old", b"blob", new_version(), TTL)
        assert store.sweep(time.time() + TTL + 1) == 1
        assert store.load("living") == (b"blob", version)

    def test_sweep_takes_nothing_that_is_renewed_beside_it(
        self, store: SweptStore
    ) -> None:
        done = threading.Event()

        def renew(number: int) -> list[tuple[str, bytes]]:
            renewed = []
            try:
                for key in (f"{number}-{turn}" for turn in range(RENEWED)):
                    old, new = new_version(), new_version()
                    store.create(key, b"blob", old, TTL)
                    kept = store.replace(key, b"blob", new, old, LONG)
                    if kept or store.create(key, b"blob", new, LONG):
                        renewed.append((key, new))
            finally:
                done.set()
            return renewed

        def sweep() -> list[tuple[str, bytes]]:
            while not done.is_set():
                store.sweep(time.time() + TTL + 1)  # only renewed values live then
            return []

        calls: list[Callable[[], list[tuple[str, bytes]]]] = [
            *(partial(renew, number) for number in range(3)),
            sweep,
        ]
        renewed = [each for found in _race(calls) for each in found]
        assert len(renewed) == 3 * RENEWED
        assert all(store.load(key) == (b"blob", version) for key, version in renewed)

    def test_sweep_takes_nothing_that_is_created_over_what_has_expired(
        self, store: SweptStore, pass_time: Callable[[float], None]
    ) -> None:
        created = {f"key{number}": new_version() for number in range(3 * RENEWED)}
        for key in created:
            store.create(key, b"old", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        done = threading.Event()

        def create() -> bool:
            try:
                return all(store.create(k, b"new", v, LONG) for k, v in created.items())
            finally:
                done.set()

        def sweep() -> bool:
            while not done.is_set():
                store.sweep(time.time())
            return True

        assert _race([create, sweep]) == [True, True]
        found = {key: store.load(key) for key in created}
        assert found == {key: (b"new", own) for key, own in created.items()}

    def test_sweep_of_an_empty_store(self, store: SweptStore) -> None:
        assert store.sweep(time.time()) == 0


class ListingStoreContract(Clocked):
    """The contract of a store that can list its values."""

    def test_is_a_listing_store(self, store: ListingStore) -> None:
        assert isinstance(store, ListingStore)
        assert list(store.entries()) == []

    def test_entries_are_all_values_as_they_are(self, store: ListingStore) -> None:
        expected = {}
        for number in range(LISTED):
            key, version = f"key{number}", new_version()
            store.create(key, b"old", version, LONG)
            expected[key] = (b"old", version)
        new = new_version()
        assert store.replace("key7", b"new", new, expected["key7"][1], LONG)
        expected["key7"] = (b"new", new)
        found = list(store.entries())
        assert len(found) == LISTED
        assert {key: (blob, version) for key, blob, version in found} == expected

    def test_expired_values_are_no_entries(
        self, store: ListingStore, pass_time: Callable[[float], None]
    ) -> None:
        store.create("living", b"blob", new_version(), LONG)
        store.create("old", b"blob", new_version(), self.ttl)
        pass_time(self.ttl + 1)
        assert [key for key, _, _ in store.entries()] == ["living"]

    def test_values_that_are_there_all_along_are_listed_once_beside_writers(
        self, store: ListingStore
    ) -> None:
        versions = {f"key{number}": new_version() for number in range(LISTED)}
        for key, version in versions.items():
            store.create(key, b"blob", version, LONG)
        begun, done = threading.Event(), threading.Event()

        def write(number: int) -> int:
            writes = 0
            while not done.is_set():
                key = f"key{(writes * 7 + number) % LISTED}"
                if loaded := store.load(key):
                    store.replace(key, b"blob", new_version(), loaded[1], LONG)
                store.create(f"new{number}-{writes}", b"blob", new_version(), LONG)
                begun.set()
                writes += 1
            return writes

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write, number) for number in range(2)]
            try:
                assert begun.wait(PATIENCE)
                found = [key for key, _, _ in store.entries()]
            finally:
                done.set()
        assert all(writer.result() for writer in writers)
        assert len(found) == len(set(found))
        assert versions.keys() <= set(found)


class OutageContract:
    """The contract of a store that can fail.

    Supply the fixture ``broken_store``, a store that cannot answer.
    """

    def test_outage_is_no_absence(self, broken_store: DraftStore) -> None:
        with pytest.raises(StoreError) as raised:
            broken_store.load("key")
        assert raised.value.__cause__ is not None

    def test_outage_keeps_nothing(self, broken_store: DraftStore) -> None:
        with pytest.raises(StoreError) as raised:
            broken_store.create("key", b"blob", new_version(), TTL)
        assert raised.value.__cause__ is not None

    def test_outage_replaces_nothing(self, broken_store: DraftStore) -> None:
        with pytest.raises(StoreError) as raised:
            broken_store.replace("key", b"blob", new_version(), new_version(), TTL)
        assert raised.value.__cause__ is not None


class FullContract:
    """The contract of a store that can be full. Supply the fixture ``full``."""

    def test_full_store_takes_no_value(self, store: DraftStore, full: Full) -> None:
        with full(), pytest.raises(StoreError) as raised:
            store.create("new", LARGE, new_version(), LONG)
        assert raised.value.__cause__ is not None
        assert store.load("new") is None

    def test_full_store_leaves_the_old_value_whole(
        self, store: DraftStore, full: Full
    ) -> None:
        old = new_version()
        store.create("old", b"old", old, LONG)
        with full():
            with pytest.raises(StoreError):
                store.replace("old", LARGE, new_version(), old, LONG)
            assert store.load("old") == (b"old", old)

    def test_store_with_room_again_takes_the_same_write(
        self, store: DraftStore, full: Full
    ) -> None:
        old, new = new_version(), new_version()
        store.create("old", b"old", old, LONG)
        with full(), pytest.raises(StoreError):
            store.replace("old", LARGE, new, old, LONG)
        assert store.replace("old", LARGE, new, old, LONG)
        assert store.load("old") == (LARGE, new)


class StoppableServer(Protocol):
    """The server of a store under test."""

    def start(self) -> None:
        """Start the server; return when it answers."""

    def kill(self) -> None:
        """End the server at once, as a crash does."""

    def freeze(self) -> None:
        """Make the server silent: it accepts connections, and answers nothing."""

    def thaw(self) -> None:
        """Make the server answer again."""


class ServerContract:
    """The contract of a store on a server. Supply ``store`` and ``server``."""

    def test_killed_server_is_no_absence(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        store.create("key", b"blob", new_version(), LONG)
        server.kill()
        with pytest.raises(StoreError) as raised:
            store.load("key")
        assert raised.value.__cause__ is not None

    def test_killed_server_keeps_nothing(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        store.create("key", b"blob", new_version(), LONG)
        server.kill()
        with pytest.raises(StoreError):
            store.create("other", b"blob", new_version(), LONG)

    def test_killed_server_replaces_nothing(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        version = new_version()
        store.create("key", b"blob", version, LONG)
        server.kill()
        with pytest.raises(StoreError):
            store.replace("key", b"more", new_version(), version, LONG)

    def test_server_is_found_again_after_a_restart(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        store.create("key", b"blob", new_version(), LONG)
        server.kill()
        with pytest.raises(StoreError):
            store.load("key")
        server.start()
        version = new_version()
        assert store.create("new", b"blob", version, LONG)
        assert store.load("new") == (b"blob", version)

    def test_server_restarted_between_calls_is_found(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        store.create("key", b"blob", new_version(), LONG)
        server.kill()
        server.start()
        assert store.create("new", b"blob", new_version(), LONG)

    def test_silent_server_is_an_outage(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        version = new_version()
        store.create("key", b"blob", version, LONG)
        server.freeze()
        with pytest.raises(StoreError) as raised:
            store.load("key")
        assert raised.value.__cause__ is not None
        server.thaw()
        assert store.load("key") == (b"blob", version)

    def test_late_write_of_a_silent_server_is_recognised(
        self, store: DraftStore, server: StoppableServer
    ) -> None:
        first, second = new_version(), new_version()
        store.create("key", b"first", first, LONG)
        server.freeze()
        with pytest.raises(StoreError):
            store.replace("key", b"second", second, first, LONG)
        server.thaw()
        store.replace("key", b"second", second, first, LONG)  # if the first did not
        assert store.load("key") == (b"second", second)


def _number(store: DraftStore, key: str) -> int:
    kept = store.load(key)
    assert kept is not None
    return int(kept[0])


def _increment(store: DraftStore, key: str, times: int) -> None:
    for _ in range(times):
        while True:
            kept = store.load(key)
            assert kept is not None
            blob, version = kept
            more = str(int(blob) + 1).encode()
            if store.replace(key, more, new_version(), version, 60):
                break


def _increment_elsewhere(reopen: Reopen, key: str, times: int) -> None:
    _increment(reopen(), key, times)


def _create_elsewhere(reopen: Reopen, count: int) -> list[int]:
    store = reopen()
    return [
        number
        for number in range(count)
        if store.create(f"key{number}", b"blob", new_version(), 60)
    ]


def _race(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Make all calls at once, each in its own thread; return their results."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        start.wait(PATIENCE)
        return call()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # seconds; at the default of 5 ms races are rare
    try:
        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(run, calls))
    finally:
        sys.setswitchinterval(interval)


def _in_processes(count: int, call: Callable[[], Result]) -> list[Result]:
    """Make the call in new processes, which begin together; return the results."""
    context = multiprocessing.get_context(METHOD)
    # Or each would import this module and the drivers of the stores anew.
    drivers = [name for name in sys.modules if name.startswith(f"{STORES}.")]
    context.set_forkserver_preload([__name__, *drivers])
    start = context.Barrier(count)
    begin = partial(_begin, dict(os.environ), start)
    with ProcessPoolExecutor(count, context, begin) as processes:
        running = [processes.submit(call) for _ in range(count)]
        return [future.result() for future in running]


def _begin(environment: Mapping[str, str], start: Barrier) -> None:
    """Take over the environment of the test, and wait for the other processes."""
    os.environ.clear()  # a fork server keeps that of its own start
    os.environ.update(environment)
    start.wait(PATIENCE)
