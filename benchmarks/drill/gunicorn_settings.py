"""How gunicorn serves the shop: read by gunicorn itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache

# The example is not installed. Last, so that an installed flask_wizard comes first.
sys.path.append(str(Path(__file__).resolve().parents[2]))

# Before the workers are forked: the next after one that was killed is there at once.
# The shop itself is made by each of them.
import example_app as example_app

# A worker compiles no template that another one has compiled.
compiled = Path(os.environ["INSTANCE_PATH"]).with_name("compiled")
compiled.mkdir(exist_ok=True)
Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(compiled))}

workers = 2
worker_class = "gthread"
threads = 4
timeout = 60  # seconds; on a busy machine a worker may well be silent for a while
graceful_timeout = 30  # seconds
control_socket_disable = True
