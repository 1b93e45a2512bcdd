"""Stories: the answers of somebody, told to a wizard from its entry to its end."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ..checks.paths import paths
from ..checks.states import Samples, WayThrough
from ..checks.states import Sent as SentPage
from ..core.steps import Steps
from ..core.tasks import TASKS
from ..wizard import Wizard
from .page import BOXES, Page, offered_by
from .written import nearest, written

if TYPE_CHECKING:
    from .client import WizardClient

MOST_PAGES = 500  # of one story
LINKS = {"entry": "new", "saved": "continue", TASKS: "continue"}
"""The pages without a form, and which link of theirs leads on."""

Place = tuple[str, str, str]
"""A step, the id of an item, and the name of the item's page."""


class StoryError(AssertionError):
    """A story does not lead through a wizard, or has more than the wizard asks for."""


class Story(dict[str, Any]):
    """The answers of one path, as ``WizardClient.tell`` takes them.

    What it does not name is sent empty, as on that path. Its string names the steps.
    """

    def __init__(self, answers: Mapping[str, Any], way: WayThrough) -> None:
        super().__init__(answers)
        #: ``commit``, or ``exit`` if it ends at an Exit.
        self.end: str = way.end
        #: The steps that it leads over, in order; the pages of an item each.
        self.steps: tuple[str, ...] = way.steps

    def __str__(self) -> str:
        return ", ".join(self.steps)


def every_path(
    wizard: type[Wizard],
    samples: Samples | None = None,
    *,
    bound: Mapping[str, Any] | None = None,
) -> list[Story]:
    """Return a story for each turn that the paths of a wizard take, the shortest first.

    ``samples`` has answers by step and field where those made up would be refused, or
    do not tell enough apart: ``{"you": {"postcode": "SW1A 1AA"}}``; a list has one
    answer for each class. A file is ``("me.png", b"…")`` or a ``Path``, or the name of
    one to make up, such as ``"me.png"``. ``bound`` has the variables of the URL prefix.
    Forms may need an application: call it in a request context then.

    Raise StoryError for a path that reaches no end; ``flask wizard prove`` shows more.
    Raise TypeError for a sample that should be a file and is none.
    """
    found = paths(wizard, samples, bound=bound or {})
    for way in found:
        if way.end not in ("commit", "exit"):
            raise StoryError(
                f"{wizard.__name__} {way.end} at {way.step!r} after "
                f"{', '.join(way.steps) or 'nothing'}. Run flask wizard prove to see "
                "the answers, or give samples for what was refused."
            )
    return [Story(_answers_of(way), way) for way in found]


def _answers_of(way: WayThrough) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for sent in way.sent:
        if not sent.item:
            found.update(_fields_of(sent, f"{sent.step}."))
            continue
        items: list[dict[str, Any]] = found.setdefault(sent.step, [])
        items += [{} for _ in range(sent.item - len(items))]
        prefix = f"{sent.page}." if sent.page else ""
        items[sent.item - 1].update(_fields_of(sent, prefix))
    return found


def _fields_of(sent: SentPage, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, texts in sent.values.items():
        yield f"{prefix}{name}", texts[0] if len(texts) == 1 else list(texts)
    for name, file in sent.files.items():
        yield f"{prefix}{name}", (file.filename, file.content)


class Teller:
    """Tells one story, page by page."""

    def __init__(
        self, client: WizardClient, steps: Steps, story: Mapping[str, Any]
    ) -> None:
        self.client = client
        #: Each list among the steps, with the names of its items' pages.
        self.lists: dict[str, list[str]] = {
            step.name: [page.name for page in step.pages]
            for step in steps
            if step.page == "list"
        }
        #: True if what the story does not name is sent empty.
        self.is_path: bool = isinstance(story, Story)
        single = {*steps.names} - self.lists.keys()
        self.story: dict[str, Any] = dict(_by_field(story, single))
        #: By key of the story, the place that has used it.
        self.used: dict[str, str] = {}
        #: The names of inputs that a page has, and for which the story has nothing.
        self.lacking: dict[str, None] = {}
        #: What was filled in, by step, item, and page of the item.
        self.filled: dict[Place, Mapping[str, Any]] = {}
        #: By list, how many of its items were begun, and the item at hand.
        self.items: dict[str, int] = {}
        self.at: tuple[str, str] = ("", "")

    def tell(self, page: Page | None) -> Page:
        """Return the page at the end, beginning at one on the screen. Raise StoryError.

        If Continue does not lead on from it, begin where the draft at hand stands, or
        else at the entry.
        """
        client = self.client
        if (page is None or not self._leads_on(page)) and client.draft:
            page = client.open(client.url("draft", draft=client.draft))
        if page is None or not self._leads_on(page):
            page = client.open()
        for _ in range(MOST_PAGES):
            if page.status >= 400:
                raise StoryError(
                    f"The page {page.path} has the status {page.status}: "
                    f"{page.text[:200]}"
                )
            if url := self._link(page):
                page = client.open(url)
                continue
            if not _goes_on(page):
                break
            before, page = page, self._send(page)
            if page.errors or page.status >= 400:
                raise StoryError(self._refused(before, page))
        else:
            raise StoryError(
                f"The story comes to no end in {MOST_PAGES} pages. It is at "
                f"{page.path} ({page.heading})."
            )
        if unused := self._unused():
            raise StoryError(
                f"No page has asked for {', '.join(unused)}.{self._hint(unused)} The "
                f"story has ended at {page.path} ({page.heading}). Leave these out, or "
                "give the answers that open their step."
            )
        return page

    def _leads_on(self, page: Page) -> bool:
        """True if a page is one of a draft that Continue leads on from."""
        return page.endpoint != "entry" and bool(self._link(page) or _goes_on(page))

    def _link(self, page: Page) -> str | None:
        """Return where the link leads that is a page's Continue, if it is a link."""
        kind = TASKS if page.step == TASKS else page.endpoint
        return self._data(page)["urls"].get(LINKS[kind]) if kind in LINKS else None

    def _data(self, page: Page) -> Any:
        """Return a page as data, which no theme and no language changes."""
        return self.client.get(page.url, headers={"Accept": "application/json"}).json

    def _send(self, page: Page) -> Page:
        if page.item:
            return self._send_item(page)
        self.at = ("", "")
        if items := self._items(page):
            begun = [item for item in self._data(page)["items"] if not item["done"]]
            if begun:
                return self.client.open(begun[0]["url"])
            if self.items.get(page.step, 0) < len(items) and "add" in page.buttons:
                return self.client.press("add")
        fields = {key: self.story[key] for key in self.story if not self._is_list(key)}
        return self._fill(page, fields, page.step)

    def _send_item(self, page: Page) -> Page:
        """Fill in a page of an item, the next one of its list or the one at hand."""
        step, item = self.at
        if step != page.step or item not in ("new", page.item):
            self.items[page.step] = self.items.get(page.step, 0) + 1
        self.at = (page.step, page.item)
        number = self.items[page.step]
        items = self._items(page) or ()
        if len(items) < number:
            raise StoryError(
                f"The page {page.path} ({page.heading}) asks for item {number} of "
                f"{page.step!r}, and the story has {len(items) or 'none'}. Give "
                f"{{{page.step!r}: [{{…}}, …]}}."
            )
        self.used[page.step] = page.step
        fields = dict(_by_field(items[number - 1], self.lists[page.step]))
        return self._fill(page, fields, page.item_page, f"{page.step}[{number - 1}].")

    def _is_list(self, key: str) -> bool:
        """True if a key of the story has the items of a list."""
        given = self.story[key]
        return (
            key in self.lists
            and isinstance(given, Sequence)
            and any(isinstance(each, Mapping) for each in given)
        )

    def _items(self, page: Page) -> Sequence[Mapping[str, Any]] | None:
        """Return the items of a list, None if the story has none."""
        given = self.story.get(page.step)
        if page.step not in self.lists or given is None:
            return None
        is_list = isinstance(given, Sequence) and not isinstance(given, str)
        if is_list and all(isinstance(each, Mapping) for each in given):
            return cast("Sequence[Mapping[str, Any]]", given)
        if page.step in self.used:  # by a field of the same name
            return None
        raise StoryError(
            f"{page.step!r} is a list, and the story has {given!r} for it. Give a "
            f"list with one dict for each item: {{{page.step!r}: [{{…}}, …]}}."
        )

    def _fill(
        self, page: Page, fields: Mapping[str, Any], own: str, prefix: str = ""
    ) -> Page:
        """Fill in a page with those answers that it asks for, and go on.

        ``own`` is what stands before the dot in the names of its fields, and ``prefix``
        what stands before them in messages.
        """
        place = f"{page.step}.{page.item_page}" if page.item_page else page.step
        values: dict[str, Any] = {}
        for key, value in fields.items():
            before, dot, name = key.partition(".")
            if not (dot and before == own):
                if f"{own}.{key}" in fields:
                    continue
                name = key
            found = self._written(page, name, value)
            if found is None and name != key:
                found = self._written(page, key, value)
            if found is None:
                continue
            full = f"{prefix}{key}"
            if self.used.setdefault(full, place) != place:
                raise StoryError(
                    f"Both {self.used[full]!r} and {place!r} ask for {full!r}. Say "
                    f"which: {self.used[full]}.{key}, {place}.{key}."
                )
            values.update(found)
        self.filled[_place(page)] = values
        self.lacking |= dict.fromkeys(page.inputs.keys() - values.keys())
        if self.is_path:
            values = {**dict.fromkeys(page.inputs), **values}
        action = "next" if "next" in page.buttons else "add"
        return self.client.press(action, values)

    @staticmethod
    def _written(page: Page, name: str, value: Any) -> dict[str, Any] | None:
        try:
            return written(page, name, value)
        except AssertionError as error:
            raise StoryError(str(error)) from None

    def _refused(self, before: Page, page: Page) -> str:
        """Return the message about a page that takes no answer, or not this one."""
        lines = [
            f"The page {page.path} ({page.heading}) refuses the story, with the status "
            f"{page.status} after {before.path}:"
        ]
        filled = self.filled.get(_place(page))
        if filled is None and page.step == before.step:  # a new item has an id now
            filled = self.filled.get(_place(before))
        by_field = page.errors_by_field
        for name, message in by_field.items():
            reason = _reason(page, name, filled) if filled is not None else ""
            lines.append(f"- {name}: {message}{reason}")
        lines += [f"- {each}" for each in page.errors if each not in by_field.values()]
        if unused := self._unused():
            hint = self._hint(unused)
            lines.append(f"Not used so far: {', '.join(unused)}.{hint}")
        return "\n".join(lines)

    def _unused(self) -> list[str]:
        found: list[str] = []
        for key, value in self.story.items():
            if key not in self.used:
                if value != []:
                    found.append(key)
                continue
            if self.items.get(key) and isinstance(value, Sequence):
                keys = [
                    f"{key}[{number}].{name}"
                    for number, item in enumerate(value)
                    for name, _ in _by_field(item, self.lists[key])
                ]
                found += [each for each in keys if each not in self.used]
        return found

    def _hint(self, unused: Iterable[str]) -> str:
        """Return a question for each unused answer that is nearly called as a field."""
        names = [key.rpartition(".")[2] for key in unused]
        return "".join(dict.fromkeys(nearest(name, self.lacking) for name in names))


def _goes_on(page: Page) -> bool:
    """True if a page is one of the wizard's that has a Continue."""
    is_step = page.endpoint in ("new", "step", "item", "page")
    return is_step and not {"next", "add"}.isdisjoint(page.buttons)


def _reason(page: Page, name: str, filled: Mapping[str, Any]) -> str:
    """Return what is wrong with an answer, if that can be told; it ends a message."""
    if name not in filled:
        is_date = any(f"{name}-{box}" in filled for box in BOXES)
        return "" if is_date else "; the story has nothing for it"
    offered = offered_by(page.inputs.get(name, []))
    given = filled[name] if isinstance(filled[name], list) else [filled[name]]
    if not offered or set(given) <= {*offered}:
        return ""
    told = ", ".join(map(str, given))
    return f"; the story has {told}, and the page offers {', '.join(offered)}"


def _place(page: Page) -> Place:
    return page.step, page.item, page.item_page


def _by_field(
    answers: Mapping[str, Any], places: Container[str]
) -> Iterator[tuple[str, Any]]:
    """Yield answers; a dict under the name of a place as ``place.field`` for each."""
    for key, value in answers.items():
        if key in places and isinstance(value, Mapping):
            for name, each in value.items():
                yield f"{key}.{name}", each
        else:
            yield key, value
