"""Serve the example's checkout as django-formtools has it, in one of two releases.

Named URLs, the session wizard, Django's sessions, accounts and protection from CSRF, as
the documents have them. The pages are plain.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

FOLDER = Path(os.environ["INSTANCE_PATH"])
FOLDER.mkdir(parents=True, exist_ok=True)

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,"></head><body>
<nav><a href="/">Shop</a> <a href="/checkout/">Checkout</a>
<a href="/sign-in/">Sign in</a></nav><main>%s</main></body></html>"""
FORM = """<form method="post">
{% csrf_token %}{{ wizard.management_form }}{{ form.as_p }}
{% if wizard.steps.prev %}<button name="wizard_goto_step" type="submit"
value="{{ wizard.steps.prev }}">Back</button>{% endif %}
<button class="next" type="submit">Continue</button></form>"""
SIGN_OUT = """<form method="post" action="/sign-out">{% csrf_token %}
<button type="submit">Sign out</button></form>"""

seconds = int(os.environ["TOKEN_SECONDS"])
settings.configure(
    SECRET_KEY="of the interruptions, long enough for them",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "formtools",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "shop.sqlite3",
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {
                            "form.html": PAGE % FORM,
                            "shop.html": PAGE % "The shop",
                            "account.html": PAGE % SIGN_OUT,
                        },
                    )
                ]
            },
        }
    ],
    **({"CSRF_COOKIE_AGE": seconds} if seconds else {}),
)
django.setup()

# These need the settings.
from django import forms  # noqa: E402
from django.contrib.auth import login  # noqa: E402
from django.contrib.auth.forms import AuthenticationForm  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView, LogoutView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402
from formtools.wizard.views import NamedUrlSessionWizardView  # noqa: E402

COUNTRIES = [("BE", "Belgium"), ("FR", "France"), ("NL", "Netherlands")]


class Address(forms.Form):  # type: ignore[misc]  # Django has no annotations
    address_street = forms.CharField()
    address_postcode = forms.CharField()
    address_city = forms.CharField()
    address_country = forms.ChoiceField(choices=COUNTRIES)


class Delivery(Address):
    field_order = ("name", "email")
    name = forms.CharField()
    email = forms.EmailField()
    if os.environ["RELEASE"] == "2":
        note = forms.CharField(required=False)


class Gift(forms.Form):  # type: ignore[misc]
    gift = forms.ChoiceField(
        choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect
    )


class Message(forms.Form):  # type: ignore[misc]
    gift_message = forms.CharField(widget=forms.Textarea)


class Payment(forms.Form):  # type: ignore[misc]
    method = forms.ChoiceField(
        choices=[("invoice", "By invoice"), ("transfer", "By transfer")],
        widget=forms.RadioSelect,
    )
    payer = forms.ChoiceField(
        choices=[("person", "I do"), ("company", "A company")],
        widget=forms.RadioSelect,
    )


class Invoice(Address):
    field_order = ("company", "vat_number")
    company = forms.CharField()
    vat_number = forms.CharField(required=False)


class Check(forms.Form):  # type: ignore[misc]
    """Asks nothing more."""


def chose(step: str, field: str, value: str) -> Any:
    return lambda wizard: (
        (wizard.get_cleaned_data_for_step(step) or {}).get(field) == value
    )


class Checkout(NamedUrlSessionWizardView):  # type: ignore[misc]
    def get_template_names(self) -> list[str]:
        return ["form.html"]

    def done(self, form_list: list[Any], **more: Any) -> HttpResponse:
        order = {
            step: {
                name.replace("address_", "address-"): value
                for name, value in form.cleaned_data.items()
                if value
            }
            for step, form in more["form_dict"].items()
            if form.fields
        }
        with (FOLDER / "orders").open("a") as orders:
            print(json.dumps(order), file=orders)
        return HttpResponseRedirect("/orders/thanks")


def shop(request: HttpRequest) -> HttpResponse:
    return render(request, "shop.html")


def account(request: HttpRequest) -> HttpResponse:
    return render(request, "account.html")


def register(request: HttpRequest) -> HttpResponse:
    form = AuthenticationForm(request)
    if request.method == "POST":
        name, password = request.POST["username"], request.POST["password"]
        login(request, User.objects.create_user(name, password=password))
        return HttpResponseRedirect("/")
    return render(request, "form.html", {"form": form})


STEPS = [
    ("delivery", Delivery),
    ("gift", Gift),
    ("message", Message),
    ("payment", Payment),
    ("invoice", Invoice),
    ("check", Check),
]
checkout = Checkout.as_view(
    STEPS,
    url_name="step",
    condition_dict={
        "message": chose("gift", "gift", "yes"),
        "invoice": chose("payment", "payer", "company"),
    },
)
urlpatterns = [
    path("", shop),
    path("checkout/", checkout, name="checkout"),
    path("checkout/<step>/", checkout, name="step"),
    path("orders/thanks", shop),
    path("register/", register),
    path("my-drafts", account),
    path("sign-out", LogoutView.as_view(next_page="/")),
    path("sign-in/", LoginView.as_view(template_name="form.html", next_page="/")),
]


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *ignored: object) -> None:
        pass


def main() -> None:
    call_command("migrate", verbosity=0)
    application = get_wsgi_application()
    port = int(os.environ["PORT"])
    make_server("127.0.0.1", port, application, Threaded, Quiet).serve_forever()


if __name__ == "__main__":
    main()
