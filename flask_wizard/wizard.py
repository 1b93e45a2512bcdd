"""Wizard: collects its steps, checks them, declares the hooks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from .core.steps import RESERVED_STEPS, AnyStep, Review, Steps
from .core.submission import Submission
from .drafts.lifetimes import seconds
from .drafts.public_draft import Draft
from .errors import DefinitionError

if TYPE_CHECKING:
    from flask import Blueprint

    from .web.visit import Visit


class _Body(dict[str, Any]):
    """A class body that notices when one step takes another's name."""

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, AnyStep) and isinstance(self.get(name), AnyStep):
            raise DefinitionError(
                f"Two steps are called {name!r}, so the first would be lost. "
                "Give one of them another name."
            )
        super().__setitem__(name, value)


class _Declarative(type):
    @classmethod
    def __prepare__(  # type: ignore[override]  # a dict of a kind of its own
        cls, name: str, bases: tuple[type, ...], **options: object
    ) -> _Body:
        return _Body()


class Wizard(metaclass=_Declarative):
    """A form of several steps: those of its attributes that are steps, in order.

    ``lifetime`` is how long an idle draft is kept, renewed by every POST, and
    ``max_lifetime`` how long any draft is kept; timedeltas, or seconds.
    ``max_drafts`` is how many open ones a holder may have. With ``one_transaction``,
    for a store in the application's own database, ``commit`` leaves its changes in the
    session uncommitted, and the end of the draft is committed with them. A subclass
    inherits the steps; the same name replaces one in place and ``None`` removes it.
    Declare a base class that is not to be mounted itself with
    ``class Base(Wizard, abstract=True)``.
    """

    title: str = ""
    version: int = 1
    lifetime: timedelta | float = timedelta(days=7)
    max_lifetime: timedelta | float = timedelta(days=30)
    max_drafts: int = 10
    theme: str = "default"
    one_transaction: bool = False

    steps: ClassVar[Steps] = Steps()

    def __init_subclass__(cls, *, abstract: bool = False, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.steps = _collect(cls)
        for step in cls.steps:
            setattr(cls, step.name, step)
        cls._titled = cls._titled or "title" in vars(cls)
        if not cls._titled:
            cls.title = _words(cls.__name__)
        cls._abstract = abstract
        if not abstract:
            _check_whole(cls)

    _abstract: ClassVar[bool] = True
    _titled: ClassVar[bool] = False

    # Hooks

    def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
        """Give the data that a step starts with: a mapping, an object, or ``None``.

        ``bound`` are the variables of the mount's URL prefix.
        """
        return None

    def admit(self, moment: Literal["start", "commit"], holder: str) -> None:
        """Called before a draft begins and before a commit, to limit their rate.

        ``holder`` stands for the visitor: the same text in each request, which tells
        nothing else. To refuse, raise an HTTP error, as ``abort(429)`` does; nothing
        is stored, and the visitor gets a page with what was sent.
        """

    def validate(self, submission: Submission) -> None:
        """Check rules across steps before the commit; raise StepError to refuse."""

    def commit(self, submission: Submission) -> Any:
        """Store the submission for good, once.

        Return a URL, a redirect response, a Receipt, or ``None`` for the built-in
        receipt page. If it raises, the draft stays open. After a crash it is called
        again with the same ``submission.id`` and a higher ``attempt``.
        """
        raise NotImplementedError

    def discarded(self, draft: Draft) -> None:
        """Called with the draft as it was after the visitor discarded it."""

    # Mounting

    @classmethod
    def as_blueprint(cls, name: str, *, unbound: Iterable[str] = ()) -> Blueprint:
        """Mount the wizard: register the blueprint under a ``url_prefix``.

        Variables in the prefix stay in every link and bind the draft, except those
        named in ``unbound``.
        """
        from .web.routes import make_blueprint

        if isinstance(unbound, str):
            raise DefinitionError(
                f"unbound is the text {unbound!r}. Give a list of names: [{unbound!r}]."
            )
        return make_blueprint(cls._instance(), name, unbound=frozenset(unbound))

    @classmethod
    def open(
        cls,
        draft_id: str | None = None,
        *,
        url_for_step: Callable[..., str],
        bound: Mapping[str, Any] | None = None,
    ) -> Visit:
        """Open a draft in a view of the application's own; ``None`` for a new one.

        ``url_for_step(draft=..., step=...)`` gives the URL of a page; ``draft`` is
        ``"new"`` for the first step of a draft that does not exist yet, and ``step``
        may also be ``saved``, ``discard`` or ``receipt``. ``bound`` binds the draft,
        as variables in a blueprint's prefix do.
        """
        from .drafts.visitor_drafts import Mount
        from .web import guard
        from .web.state import get_context
        from .web.visit import Visit

        context = get_context()
        guard.check_request(context.request, context.app.config)
        name = f"{cls.__module__}.{cls.__qualname__}"
        mount = Mount(name, dict(bound or {}))
        return Visit.open(
            cls._instance(), mount, draft_id, context, url_for_step=url_for_step
        )

    @classmethod
    def _instance(cls) -> Wizard:
        if cls._abstract:
            raise DefinitionError(
                f"{cls.__name__} is abstract and cannot be mounted. "
                "Declare a subclass with steps and a commit method."
            )
        return cls()


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).capitalize()


def _collect(cls: type[Wizard]) -> Steps:
    """The inherited steps in order, then the class's own; the Review stays last."""
    found: dict[str, AnyStep] = {}
    for base in reversed(cls.__mro__[1:]):
        inherited = base.__dict__.get("steps", ()) or _declared(cls, base)
        found.update((step.name, step) for step in inherited)
        _remove(found, base.__dict__)
    own = _declared(cls, cls)
    for name in found.keys() & vars(cls).keys():
        if not isinstance(vars(cls)[name], AnyStep | None):
            raise DefinitionError(
                f"{cls.__name__}.{name} is {vars(cls)[name]!r}, and an inherited step "
                "has that name. Use another step to replace it, or None to remove it."
            )
    found.update((step.name, step) for step in own)
    _remove(found, cls.__dict__)
    reviews = [step for step in found.values() if isinstance(step, Review)]
    if len(reviews) > 1:
        names = ", ".join(step.name for step in reviews)
        raise DefinitionError(
            f"{cls.__name__} has more than one Review: {names}. Keep one."
        )
    if any(isinstance(step, Review) for step in own[:-1]):
        raise DefinitionError(
            f"{cls.__name__} declares steps after its Review. Make the Review last."
        )
    steps = [step for step in found.values() if not isinstance(step, Review)]
    return Steps((*steps, *reviews))


def _declared(cls: type[Wizard], base: type) -> list[AnyStep]:
    """The steps in one class's body, be it the wizard or a plain mixin of it."""
    found = [(n, v) for n, v in vars(base).items() if isinstance(v, AnyStep)]
    for name, _ in found:
        _check_name(cls, name)
    for name, value in vars(base).items():
        if isinstance(value, type) and issubclass(value, AnyStep):
            raise DefinitionError(
                f"{cls.__name__}.{name} is the class {value.__name__} itself. "
                f"Call it: `{name} = {value.__name__}(...)`."
            )
    return [step.named(name, cls.__name__) for name, step in found]


def _remove(found: dict[str, AnyStep], attributes: Mapping[str, Any]) -> None:
    for name in [name for name in found if attributes.get(name, name) is None]:
        del found[name]


def _check_name(cls: type[Wizard], name: str) -> None:
    if name in RESERVED_STEPS:
        reason = "is the name of one of the wizard's own pages"
    elif name in _OWN:
        reason = "is an attribute of every wizard"
    elif name.startswith("_"):
        reason = "starts with an underscore"
    else:
        return
    raise DefinitionError(
        f"{cls.__name__} has a step called {name!r}, which {reason}. "
        "Give the step another name."
    )


def _check_whole(cls: type[Wizard]) -> None:
    if all(isinstance(step, Review) for step in cls.steps):
        raise DefinitionError(
            f"{cls.__name__} has no steps. Declare at least one, such as "
            "`you = Step(YouForm)`, or mark a base class: `abstract=True`."
        )
    if cls.commit is Wizard.commit:
        raise DefinitionError(
            f"{cls.__name__} has no commit method, so nothing would become of the "
            "answers. Define `def commit(self, submission)`, or mark a base class: "
            "`abstract=True`."
        )
    for name in ("lifetime", "max_lifetime", "max_drafts"):
        given = getattr(cls, name)
        kinds = int if name == "max_drafts" else timedelta | int | float
        if not isinstance(given, kinds) or not 0 < seconds(given) < math.inf:
            unit = "a number" if name == "max_drafts" else "a timedelta or seconds"
            raise DefinitionError(
                f"{cls.__name__}.{name} is {given!r}. Expected {unit} above zero."
            )


_OWN = frozenset(name for name in vars(Wizard) if not name.startswith("_")) | {
    "upgrade"
}
