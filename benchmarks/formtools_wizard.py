"""django-formtools: its wizard with named URLs, answers in Django's file sessions.

Django has one set of settings in a process, and so one wizard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import django
from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from formtools.wizard.views import NamedUrlSessionWizardView

from benchmarks.questions import (
    AGE,
    BORN,
    COUNTRIES,
    COUNTRY,
    NAME,
    NEWS,
    SECRET_KEY,
    rows_of,
    step_names,
    title_of,
)
from benchmarks.walk import CHECK, copy_files

urlpatterns: list[Any] = []
INPUT = {"class": "wizard-input wizard-input-text"}


class Questions(forms.Form):  # type: ignore[misc]  # Django has no annotations
    """The fields of ``benchmarks.questions``, in Django's terms."""

    name = forms.CharField(
        label=NAME, max_length=80, widget=forms.TextInput(attrs=INPUT)
    )
    age = forms.IntegerField(
        label=AGE, min_value=0, max_value=150, widget=forms.NumberInput(attrs=INPUT)
    )
    country = forms.ChoiceField(
        label=COUNTRY, choices=COUNTRIES, widget=forms.Select(attrs=INPUT)
    )
    born = forms.DateField(
        label=BORN, widget=forms.DateInput(attrs={**INPUT, "type": "date"})
    )
    news = forms.BooleanField(
        label=NEWS,
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "wizard-tick"}),
    )


class Confirm(forms.Form):  # type: ignore[misc]
    """The check page asks nothing more."""


class JoinView(NamedUrlSessionWizardView):  # type: ignore[misc]
    """As the documentation of django-formtools has it, with a check page."""

    committed: ClassVar[list[Any]] = []

    def get_template_names(self) -> list[str]:
        return ["check.html" if self.steps.current == CHECK else "step.html"]

    def get_context_data(self, form: Any, **more: Any) -> dict[str, Any]:
        name = self.steps.current
        context: dict[str, Any] = super().get_context_data(form=form, **more)
        if name == CHECK:
            title, button = "Check your answers", "Confirm and send"
            context["groups"] = [
                (step, title_of(step), rows_of(self.get_cleaned_data_for_step(step)))
                for step in self.get_form_list()
                if step != CHECK
            ]
        else:
            title, button = title_of(name), "Continue"
        return {**context, "title": title, "button": button}

    def done(self, form_list: list[Any], **more: Any) -> HttpResponse:
        self.committed.append(
            {name: f.cleaned_data for name, f in more["form_dict"].items() if f.fields}
        )
        return HttpResponseRedirect("/thanks")


def reads_all_before(position: int, names: list[str]) -> Callable[[Any], bool]:
    def condition(wizard: Any) -> bool:
        return all(
            (wizard.get_cleaned_data_for_step(name) or {}).get("age")
            for name in names[:position]
        )

    return condition


def thanks(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Thank you")


def configure(folder: Path) -> None:
    """Set up Django: sessions in files, CSRF on, nothing that is not needed."""
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.sessions", "formtools"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.file",
        SESSION_FILE_PATH=str(folder),
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(Path(__file__).parent / "templates" / "django")],
            }
        ],
        LOGGING_CONFIG=None,
    )
    django.setup()


class FormtoolsWizard:
    """To commit takes two requests: the check page's POST, and ``done``."""

    first = "/join/"
    after_check = ("/join/done/",)

    def __init__(self, folder: Path, *, steps: int, conditions: bool) -> None:
        configure(folder)
        self.folder = folder
        names = step_names(steps)
        form_list: list[Any] = [(n, type(n.title(), (Questions,), {})) for n in names]
        reading = {
            name: reads_all_before(position, names)
            for position, name in enumerate(names)
            if conditions and position
        }
        view = JoinView.as_view(
            [*form_list, (CHECK, Confirm)], url_name="step", condition_dict=reading
        )
        urlpatterns[:] = [
            path("join/", view, name="join"),
            path("join/<step>/", view, name="step"),
            path("thanks", thanks),
        ]
        self.committed = JoinView.committed
        self.wsgi = get_wsgi_application()

    def typed(self, step: str, answers: Mapping[str, str]) -> Mapping[str, str]:
        return {f"{step}-{name}": value for name, value in answers.items()}

    def save(self, folder: Path) -> None:
        copy_files(self.folder, folder / "sessions")

    def load(self, folder: Path) -> None:
        copy_files(folder / "sessions", self.folder)
