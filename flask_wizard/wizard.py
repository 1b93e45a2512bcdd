"""Wizard: the class that an application subclasses, with its steps and hooks."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import partialmethod
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from .core.declaration import Declarative, collect_steps
from .core.hooks import call_hook, check_hook, takes
from .core.journey import Journey
from .core.steps import RESERVED_STEPS, AnyStep, Review, Steps
from .core.tasks import TaskJourney
from .core.texts import NO_WORDS, check_words
from .drafts.lifetimes import seconds
from .drafts.public_draft import Draft
from .errors import DefinitionError
from .tracebacks import without_locals

if TYPE_CHECKING:
    from logging import Logger

    from flask import Blueprint

    from .core.journey import Initial
    from .web.uploaded_file import UploadedFile
    from .web.visit import Visit


ALIKE = 0.8
"""How much two names are alike, of 1, if one seems to be the other misspelt."""


class Wizard(metaclass=Declarative):
    """A form of several steps, declared as attributes of a subclass, in order.

    A subclass inherits the steps. A step of the same name replaces the inherited step
    in its place; ``None`` removes it. Declare a base class that is never mounted itself
    with ``class Base(Wizard, abstract=True)``. With ``prefilled=True``, which is
    inherited, a wizard edits what ``initial`` returns: steps whose data are valid are
    done from the beginning. With ``task_list=True``, which is inherited too, its
    sections are tasks that a visitor fills in in any order. With ``stepper=True``,
    likewise, each page lists the steps.
    """

    #: The wizard's name on its pages. The default is the class's name in words.
    title: str = ""
    #: The number of the definition, stored with each draft.
    version: int = 1
    #: How long an idle draft lives: a timedelta, or seconds. Every POST renews it.
    lifetime: timedelta | float = timedelta(days=7)
    #: How long any draft lives: a timedelta, or seconds.
    max_lifetime: timedelta | float = timedelta(days=30)
    #: How many open drafts a holder may have.
    max_drafts: int = 10
    #: The folder of templates. None is that of the configuration's ``WIZARD_THEME``.
    theme: str | None = None
    #: What the pages say in the place of texts of this package, by these in English.
    words: Mapping[str, object] = NO_WORDS
    #: True if ``commit`` leaves its changes in the application's session uncommitted,
    #: and the framework commits them together with the end of the draft. The drafts
    #: must be in the application's own database.
    one_transaction: bool = False

    #: The steps, inherited ones included. The class body sets them.
    steps: ClassVar[Steps] = Steps()

    def __init_subclass__(
        cls,
        *,
        abstract: bool = False,
        prefilled: bool | None = None,
        task_list: bool | None = None,
        stepper: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if prefilled is not None:
            cls._prefilled = prefilled
        if stepper is not None:
            cls._stepper = stepper
        if task_list is not None:
            cls._journey = TaskJourney if task_list else Journey
        steps = collect_steps(cls, _reason_against)
        if "words" in vars(cls):
            check_words(cls.words, f"{cls.__name__}.words")
        cls.steps = Steps(step.with_words(cls.words) for step in steps)
        if cls._journey.home:
            cls.steps = cls.steps.grouped_by_section()
        for step in cls.steps:
            setattr(cls, step.name, step)
        cls._has_title = cls._has_title or "title" in vars(cls)
        if not cls._has_title:
            cls.title = _title_from(cls.__name__)
        cls._gives_initial = cls.initial is not Wizard.initial
        cls._upgrades = cls.upgrade is not Wizard.upgrade
        cls._reminds = cls.on_remind is not Wizard.on_remind
        cls._abstract = abstract
        cls._initial_takes_answers = takes(_as_called(cls, "initial"), 3)
        for name, passed in _HOOKS.items():
            if name == "initial" and cls._initial_takes_answers:
                passed = (*passed, "answers")
            check_hook(_as_called(cls, name), f"{cls.__name__}.{name}", *passed)
        if not abstract:
            _check_definition(cls)

    _abstract: ClassVar[bool] = True
    _prefilled: ClassVar[bool] = False
    _stepper: ClassVar[bool] = False
    #: What drafts are walked through: a journey from step to step, or of tasks.
    _journey: ClassVar[type[Journey]] = Journey
    _has_title: ClassVar[bool] = False
    #: True if ``initial`` is overridden.
    _gives_initial: ClassVar[bool] = False
    _initial_takes_answers: ClassVar[bool] = False
    #: True if ``upgrade`` is overridden.
    _upgrades: ClassVar[bool] = False
    #: True if ``on_remind`` is overridden.
    _reminds: ClassVar[bool] = False

    # Hooks

    def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
        """Return the data that a step starts with: a mapping, an object, or ``None``.

        ``bound`` has the variables of the mount's URL prefix. A hook with a third
        parameter also gets the answers of the steps before. What it returns is taken
        once a step, and again if the answers that it has read change before the step
        is submitted.
        """
        return None

    def admit(
        self, moment: Literal["start", "commit", "link", "upload"], holder: str
    ) -> None:
        """Raise an HTTP error, as ``abort(429)`` does, to limit a visitor's rate.

        The framework calls this before a draft begins, before a commit, before
        somebody takes up a link, and before it reads the first file of a POST.
        ``holder`` identifies the visitor: a string that is the same in each request of
        a session, or of a signed-in user on every device, and reveals nothing else.
        After an error nothing is stored, and the visitor gets a page with the values
        that were sent.
        """

    # Any, so that the hooks may be annotated with the class of ``flask wizard types``.

    def validate(self, submission: Any) -> None:
        """Check rules across steps before the commit. Raise StepError to refuse.

        ``submission`` is a Submission.
        """

    def commit(self, submission: Any) -> Any:
        """Store the submission, a Submission, for good, once.

        Return a URL, a redirect response, a Receipt, or ``None`` for the built-in
        receipt page. If this raises, the draft stays open. After a crash the framework
        calls it again with the same ``submission.id`` and a higher ``attempt``.
        """
        raise NotImplementedError

    def on_upload(self, upload: UploadedFile, step: str, field: str) -> None:
        """Look at a new file, once, before it is kept. Raise ValidationError to refuse.

        The field's own validators have accepted it. ``field`` has a dot before the name
        of a nested field. This is the place for a virus scanner.
        """

    def discarded(self, draft: Draft) -> None:
        """Clean up after a discarded draft. ``draft`` is the draft as it was before."""

    def describe(self, draft: Draft) -> str:
        """Return what tells a draft from others of this wizard, in a few words.

        It stands on the page that offers the drafts, and in ``wizards.drafts()``.
        ``draft.entries`` has the strings that were sent, which may be invalid.
        """
        return ""

    def on_remind(self, draft: Draft, reason: Literal["idle", "expiring"]) -> None:
        """Remind somebody of a draft, by mail for example.

        ``flask wizard remind`` calls this, outside of the visitor's requests, at most
        once for a draft and a reason: ``idle`` if nothing was sent for a while,
        ``expiring`` if it expires soon. ``draft.entries`` has what was sent, and
        ``wizards.resume_url`` makes a link of the draft.
        """

    def upgrade(self, draft: Draft, from_version: int) -> None:
        """Change ``draft.entries`` of a draft that an earlier version has written.

        The entries are dicts that may be changed in place: the strings that were sent,
        by step and field. An accepted step whose entry has changed is validated again;
        one that is new is asked, with these values. ``from_version`` is the version of
        the last process that wrote the draft. While old and new processes run, a draft
        may be upgraded more than once: a second time must change nothing.
        """

    # One instance serves all visitors

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute. Raise DefinitionError while the instance serves."""
        self._check_not_serving(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        """Delete an attribute. Raise DefinitionError while the instance serves."""
        self._check_not_serving(name)
        super().__delattr__(name)

    def _check_not_serving(self, name: str) -> None:
        if "_serves" in vars(self):
            raise DefinitionError(
                f"{type(self).__name__}.{name} cannot be changed while the wizard "
                "serves: one instance serves all visitors, so each of them would see "
                "it. Keep what belongs to a request in flask.g, pass what a hook needs "
                "to it, and set what all visitors share in the class or in __init__."
            )

    # Mounting

    @classmethod
    def as_blueprint(
        cls, name: str, *, unbound: Iterable[str] = (), host: str | None = None
    ) -> Blueprint:
        """Return a blueprint of the wizard, to register under a ``url_prefix``.

        Every link repeats the variables of the prefix. They also bind the draft, except
        those that ``unbound`` names. ``host`` is the host of the wizard's pages, with
        variables if need be, in an application that has ``host_matching``. Raise
        DefinitionError for an abstract wizard.
        """
        from .web.routes import make_blueprint

        if isinstance(unbound, str):
            raise DefinitionError(
                f"unbound is a string, {unbound!r}. "
                f"Give a list of names: [{unbound!r}]."
            )
        blueprint = make_blueprint(
            cls._instance(), name, unbound=frozenset(unbound), host=host
        )
        blueprint.record(lambda setup: _log_misspelt(cls, setup.app.logger))
        return blueprint

    @classmethod
    def open(
        cls,
        draft_id: str | None = None,
        *,
        url_for_step: Callable[..., str],
        bound: Mapping[str, Any] | None = None,
    ) -> Visit:
        """Return a visit to a draft, for a view of the application's own.

        ``draft_id`` is ``None`` for a new draft. ``url_for_step(draft=..., step=...)``
        returns the URL of a page; ``draft`` is ``"new"`` for the first step of a draft
        that does not exist yet, and ``step`` may also be ``saved``, ``discard``,
        ``receipt`` or ``tasks``. ``bound`` binds the draft, as variables in a
        blueprint's prefix do. Raise DefinitionError for an abstract wizard.
        """
        from .drafts.visitor_drafts import Mount
        from .web import guard
        from .web.incoming import INCOMING, IncomingFiles
        from .web.state import get_context
        from .web.visit import Visit

        context = get_context()
        wizard, request = cls._instance(), context.request
        headless = context.state.headless
        takes_files = wizard.steps.take_files
        if takes_files or request.endpoint not in headless:
            headless[request.endpoint] = wizard if takes_files else None
        incoming: IncomingFiles | None = request.environ.get(INCOMING)
        if incoming is None and takes_files and request.method == "POST":
            incoming = IncomingFiles(context, wizard)
        try:
            guard.check_request(context, incoming)
        except BaseException as error:
            without_locals(error)
            raise
        if cls not in context.state.checked:
            _log_misspelt(cls, context.app.logger)
        name = f"{cls.__module__}.{cls.__qualname__}"
        mount = Mount(name, dict(bound or {}))
        visit = Visit.open(wizard, mount, draft_id, context, url_for_step=url_for_step)
        if incoming is not None:
            incoming.aim(visit.drafts, visit.draft_id)
        return visit

    def _initial_at(self, bound: Mapping[str, Any]) -> Initial:
        """Return ``initial`` as journeys call it."""
        hook: Callable[..., object] = self.initial
        if self._initial_takes_answers:
            return lambda name, answers: call_hook(hook, name, bound, answers)
        return lambda name, answers: call_hook(hook, name, bound)

    @classmethod
    def _find(cls, name: str) -> Wizard | None:
        """Return the wizard whose class has this module and name, if it is imported."""
        for kind in cls.__subclasses__():
            if f"{kind.__module__}.{kind.__qualname__}" == name and not kind._abstract:
                return kind._instance()
            if (found := kind._find(name)) is not None:
                return found
        return None

    @classmethod
    def _instance(cls) -> Wizard:
        if cls._abstract:
            raise DefinitionError(
                f"{cls.__name__} is abstract and cannot be mounted. "
                "Declare a subclass with steps and a commit method."
            )
        wizard = cls()
        vars(wizard)["_serves"] = True
        return wizard


def _as_called(cls: type[Wizard], name: str) -> Any:
    """Return a hook as an instance of the class has it: without ``self``."""
    found = inspect.getattr_static(cls, name)
    if isinstance(found, FunctionType | staticmethod | classmethod | partialmethod):
        return found.__get__(object(), cls)
    return found


def _title_from(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).capitalize()


def _reason_against(name: str) -> str | None:
    if name.replace("_", "-") in RESERVED_STEPS:
        return "is a name that the wizard uses itself, in URLs or in answers"
    if name in _WIZARD_ATTRIBUTES:
        return "is an attribute of every wizard"
    return "starts with an underscore" if name.startswith("_") else None


def _check_definition(cls: type[Wizard]) -> None:
    for step in cls.steps:
        step.check_among(cls.steps, cls.__name__)
    if all(isinstance(step, Review) for step in cls.steps):
        raise DefinitionError(
            f"{cls.__name__} has no steps. Declare at least one, such as "
            "`you = Step(YouForm)`, or mark a base class: `abstract=True`."
        )
    if cls._journey.home and not cls.steps[-1].lists_answers:
        raise DefinitionError(
            f"{cls.__name__} has task_list=True and no Review, so that nothing would "
            "commit its tasks. Declare one as the last step: `check = Review()`."
        )
    if cls.commit is Wizard.commit:
        raise DefinitionError(
            f"{cls.__name__} has no commit method, so the answers would be lost. "
            "Define `def commit(self, submission)`, or mark a base class: "
            "`abstract=True`."
        )
    if type(cls.version) is not int or not 0 <= cls.version < 2**63:
        raise DefinitionError(
            f"{cls.__name__}.version is {cls.version!r}. Expected a whole number, "
            "such as 2."
        )
    for name in ("lifetime", "max_lifetime", "max_drafts"):
        given = getattr(cls, name)
        kinds = int if name == "max_drafts" else timedelta | int | float
        if not isinstance(given, kinds) or not 0 < seconds(given) < math.inf:
            unit = "a number" if name == "max_drafts" else "a timedelta or seconds"
            raise DefinitionError(
                f"{cls.__name__}.{name} is {given!r}. Expected {unit} above zero."
            )


def _log_misspelt(wizard: type[Wizard], logger: Logger) -> None:
    """Log a warning for each attribute whose name is nearly one of a wizard's own."""
    for name, nearest in _misspelt(wizard):
        logger.warning(
            "flask_wizard: %s.%s has no meaning for the wizard. Did you mean %r?",
            wizard.__name__,
            name,
            nearest,
        )


def _misspelt(wizard: type[Wizard]) -> Iterator[tuple[str, str]]:
    """Yield each attribute that seems to be misspelt, and the nearest name.

    If the wizard has defined the nearest name as well, the other one is meant.
    """
    for base in wizard.__mro__[: wizard.__mro__.index(Wizard)]:
        for name, value in vars(base).items():
            is_known = name in _WIZARD_ATTRIBUTES or name.startswith("_")
            if is_known or isinstance(value, AnyStep):
                continue
            for nearest in get_close_matches(name, _WIZARD_ATTRIBUTES, 1, ALIKE):
                if getattr(wizard, nearest, None) is getattr(Wizard, nearest, None):
                    yield name, nearest


_HOOKS = {
    name: tuple(inspect.signature(value).parameters)[1:]
    for name, value in vars(Wizard).items()
    if inspect.isfunction(value) and not name.startswith("_")
}
"""The hooks, and what the wizard passes to each."""

_WIZARD_ATTRIBUTES = frozenset(
    name for name in vars(Wizard) if not name.startswith("_")
)
