"""How gunicorn serves the shop: read by gunicorn itself."""

from __future__ import annotations

import sys
from pathlib import Path

# The example is not installed. Last, so that an installed flask_wizard comes first.
sys.path.append(str(Path(__file__).resolve().parents[2]))

# Before the workers are forked: the next after one that was killed is there at once.
# The shop itself is made by each of them.
import example_app as example_app

workers = 2
worker_class = "gthread"
threads = 4
timeout = 60  # seconds; on a busy machine a worker may well be silent for a while
graceful_timeout = 30  # seconds
control_socket_disable = True
