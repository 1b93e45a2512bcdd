"""Serve the shop on this machine: `python -m example_app`."""

from __future__ import annotations

import errno
import os
import socket

from werkzeug.serving import make_server

from example_app import create_app

HOST = "127.0.0.1"
PORTS_TO_TRY = 50


def main() -> None:
    """Open the shop at `PORT`, or at the next port that is free."""
    listener = first_free(int(os.environ.get("PORT", "5000")))
    port = listener.getsockname()[1]
    site = f"http://{HOST}:{port}"
    app = create_app({"WIZARD_EXTERNAL_URL": site, "BACK_ROOM": True})
    server = make_server(HOST, port, app, threaded=True, fd=listener.fileno())
    print(f"Inglenook Books is open at {site}/ (Ctrl+C closes)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("Closed.")


def first_free(port: int) -> socket.socket:
    """Listen at `port`, or at the first port after it that nobody uses."""
    for candidate in range(port, port + PORTS_TO_TRY):
        try:
            return socket.create_server((HOST, candidate))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise SystemExit(f"Ports {port} to {candidate} are taken. Set PORT to a free one.")


if __name__ == "__main__":
    main()
