"""How the steps in the body of a class are collected, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import DefinitionError
from .steps import AnyStep, Review, Steps

ReasonAgainst = Callable[[str], str | None]
"""Returns why a step cannot have a name, to follow on "which"; None if it can."""


class ClassBody(dict[str, Any]):
    """The namespace of a class body, which refuses two steps of one name."""

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, AnyStep) and isinstance(self.get(name), AnyStep):
            raise DefinitionError(
                f"Two steps are called {name!r}, so the first would be lost. "
                "Give one of them another name."
            )
        super().__setitem__(name, value)


class Declarative(type):
    """The type of classes whose attributes are steps."""

    @classmethod
    def __prepare__(  # type: ignore[override]  # a dict of a kind of its own
        cls, name: str, bases: tuple[type, ...], **options: object
    ) -> ClassBody:
        return ClassBody()


def collect_steps(cls: type, reason_against: ReasonAgainst) -> Steps:
    """Return the inherited steps in order, then the class's own, and the Review last.

    Raise DefinitionError for declarations that contradict each other.
    """
    found: dict[str, AnyStep] = {}
    for base in reversed(cls.__mro__[1:]):
        inherited = base.__dict__.get("steps", ()) or _steps_in_body(
            cls, base, reason_against
        )
        found.update((step.name, step) for step in inherited)
        _remove_steps(found, base.__dict__)
    own = _steps_in_body(cls, cls, reason_against)
    for name in found.keys() & vars(cls).keys():
        if not isinstance(vars(cls)[name], AnyStep | None):
            raise DefinitionError(
                f"{cls.__name__}.{name} is {vars(cls)[name]!r}, and an inherited step "
                "has that name. Use another step to replace it, or None to remove it."
            )
    found.update((step.name, step) for step in own)
    _remove_steps(found, cls.__dict__)
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
    found_steps = Steps((*steps, *reviews))
    _check_former_names(found_steps, cls.__name__)
    return found_steps


def _check_former_names(steps: Steps, where: str) -> None:
    """Raise DefinitionError if a former name would lead to two steps."""
    claimed: dict[str, str] = {}
    for step in steps:
        for name in step.former_names:
            if not isinstance(name, str) or not name.isidentifier():
                raise DefinitionError(
                    f"{where}.{step.name} has {name!r} in was=. Expected the former "
                    "name of the step, or a tuple of them."
                )
            if name in steps.positions:
                raise DefinitionError(
                    f"{where}.{step.name} has was={name!r}, and {where} has a step of "
                    "that name. Give a name that no step has any more."
                )
            if name in claimed:
                raise DefinitionError(
                    f"{where}.{step.name} and {where}.{claimed[name]} both have "
                    f"was={name!r}. A former name leads to one step: keep one."
                )
            claimed[name] = step.name


def _steps_in_body(
    cls: type, base: type, reason_against: ReasonAgainst
) -> list[AnyStep]:
    """Return the steps in the body of one class: the wizard, a base, or a mixin."""
    found = [(n, v) for n, v in vars(base).items() if isinstance(v, AnyStep)]
    for name, _ in found:
        if (reason := reason_against(name)) is not None:
            raise DefinitionError(
                f"{cls.__name__} has a step called {name!r}, which {reason}. "
                "Give the step another name."
            )
    for name, value in vars(base).items():
        if isinstance(value, type) and issubclass(value, AnyStep):
            raise DefinitionError(
                f"{cls.__name__}.{name} is the class {value.__name__} itself. "
                f"Call it: `{name} = {value.__name__}(...)`."
            )
    return [step.named(name, cls.__name__) for name, step in found]


def _remove_steps(found: dict[str, AnyStep], attributes: Mapping[str, Any]) -> None:
    for name in [name for name in found if attributes.get(name, name) is None]:
        del found[name]
