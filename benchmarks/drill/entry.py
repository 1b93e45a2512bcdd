"""What gunicorn serves: the shop, with settings from the environment."""

from __future__ import annotations

import random
import time

from example_app import create_app
from example_app.checkout import Checkout
from flask_wizard import Submission

LONGEST = 0.5  # seconds

place = Checkout.commit


def place_slowly(checkout: Checkout, submission: Submission) -> str:
    """Take as long as a payment service does, so that much goes wrong meanwhile."""
    time.sleep(random.uniform(0, LONGEST))
    url = place(checkout, submission)
    time.sleep(random.uniform(0, LONGEST))
    return url


Checkout.commit = place_slowly  # type: ignore[assignment, method-assign]

application = create_app()
