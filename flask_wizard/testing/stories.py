"""Stories: the answers of somebody, told to a wizard from its entry to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..checks.paths import Samples, WayThrough, paths
from ..checks.paths import Sent as SentPage
from ..checks.sample_files import FILES
from ..wizard import Wizard
from .page import Page
from .written import written

if TYPE_CHECKING:
    from .client import WizardClient

MOST_PAGES = 500  # of one story


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
    answer for each class. ``bound`` has the variables of the URL prefix. Forms may need
    an application: call it in a request context then.

    Raise StoryError for a path that reaches no end; ``flask wizard prove`` shows more.
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
        yield f"{prefix}{name}", (file, FILES[file.rpartition(".")[2]])


class Teller:
    """Tells one story, page by page."""

    def __init__(self, client: WizardClient, story: Mapping[str, Any]) -> None:
        self.client = client
        self.story = story
        #: By key of the story, the place that has used it.
        self.used: dict[str, str] = {}
        #: By list, how many of its items were begun, and the item at hand.
        self.items: dict[str, int] = {}
        self.at: tuple[str, str] = ("", "")

    def tell(self) -> Page:
        """Return the page at the end. Raise StoryError."""
        page = self.client.open()
        for _ in range(MOST_PAGES):
            if not self._goes_on(page):
                break
            before = page
            page = self._send(page)
            if page.errors or page.status >= 400:
                raise StoryError(self._refused(before, page))
        else:
            raise StoryError(
                f"The story comes to no end in {MOST_PAGES} pages. It is at "
                f"{page.path} ({page.heading})."
            )
        if unused := self._unused():
            raise StoryError(
                f"No page has asked for {', '.join(unused)}. The story has ended at "
                f"{page.path} ({page.heading}). Leave these out, or give the answers "
                "that open their step."
            )
        return page

    def _goes_on(self, page: Page) -> bool:
        """Return whether a page is one of the wizard's that has a Continue."""
        if page.status >= 400:
            raise StoryError(
                f"The page {page.path} has the status {page.status}: {page.text[:200]}"
            )
        if page.path.endswith("/tasks"):
            raise StoryError(
                "This wizard has a task list, through which no story is told. Open its "
                "steps by hand, with client.open and client.fill."
            )
        return page.endpoint in ("new", "step", "item", "page") and bool(
            {"next", "add"} & {*page.buttons}
        )

    def _send(self, page: Page) -> Page:
        if page.item:
            return self._send_item(page)
        self.at = ("", "")
        items = self.story.get(page.step)
        if "add" in page.buttons and isinstance(items, list):
            if self.items.get(page.step, 0) < len(items):
                return self.client.press("add")
            return self.client.press("next")
        values: dict[str, Any] = {}
        for key in self.story:
            step, dot, name = key.partition(".")
            if dot and step == page.step:
                self._take(page, key, name, self.story[key], values)
        for key, value in self.story.items():
            if f"{page.step}.{key}" not in self.story:
                self._take(page, key, key, value, values)
        return self._press(page, values)

    def _send_item(self, page: Page) -> Page:
        """Fill in a page of an item, the next one of its list or the one at hand."""
        step, item = self.at
        if step != page.step or item not in ("new", page.item):
            self.items[page.step] = self.items.get(page.step, 0) + 1
        self.at = (page.step, page.item)
        number = self.items[page.step]
        items = self.story.get(page.step)
        if not isinstance(items, list) or len(items) < number:
            raise StoryError(
                f"The page {page.path} ({page.heading}) asks for item {number} of "
                f"{page.step!r}, and the story has "
                f"{len(items) if isinstance(items, list) else 'none'}. Give "
                f"{{{page.step!r}: [{{…}}, …]}}."
            )
        self.used[page.step] = page.step
        values: dict[str, Any] = {}
        for key, value in items[number - 1].items():
            own, dot, name = key.partition(".")
            name = name if dot and own == page.item_page else key
            full = f"{page.step}[{number - 1}].{key}"
            self._take(page, full, name, value, values)
        return self._press(page, values)

    def _take(
        self, page: Page, key: str, name: str, value: Any, values: dict[str, Any]
    ) -> None:
        """Use an answer of the story if the page asks for it."""
        found = written(page, name, value)
        if found is None:
            return
        place = f"{page.step}.{page.item_page}" if page.item_page else page.step
        if self.used.setdefault(key, place) != place:
            raise StoryError(
                f"Both {self.used[key]!r} and {place!r} ask for {key!r}. Say which: "
                f"{self.used[key]}.{key}, {place}.{key}."
            )
        values.update(found)

    def _press(self, page: Page, values: dict[str, Any]) -> Page:
        if isinstance(self.story, Story):
            values = {**dict.fromkeys(page.inputs), **values}
        action = "next" if "next" in page.buttons else "add"
        return self.client.press(action, values)

    def _refused(self, before: Page, page: Page) -> str:
        """Return the message about a page that takes no answer, or not this one."""
        lines = [
            f"The page {page.path} ({page.heading}) refuses the story, with the status "
            f"{page.status} after {before.path}:"
        ]
        by_field = page.errors_by_field
        named = {key.rpartition(".")[2] for key in self.used} | {*self.used}
        for name, message in by_field.items():
            lacks = name not in named and name.partition("-")[0] not in named
            missing = "; the story has nothing for it" if lacks else ""
            lines.append(f"- {name}: {message}{missing}")
        lines += [f"- {each}" for each in page.errors if each not in by_field.values()]
        if unused := self._unused():
            lines.append(f"Not used so far: {', '.join(unused)}.")
        return "\n".join(lines)

    def _unused(self) -> list[str]:
        found: list[str] = []
        for key, value in self.story.items():
            if key not in self.used:
                if value != []:
                    found.append(key)
                continue
            if self.items.get(key) and isinstance(value, list):
                keys = [
                    f"{key}[{number}].{name}"
                    for number, item in enumerate(value)
                    for name in item
                ]
                found += [each for each in keys if each not in self.used]
        return found
