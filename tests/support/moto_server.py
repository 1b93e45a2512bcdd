"""A private DynamoDB and S3 for tests: moto's, in processes of their own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3  # type: ignore[import-untyped]
from moto.moto_server.werkzeug_app import create_backend_app
from servers import Server
from werkzeug.test import Client


class MotoServer(Server):
    """It forgets everything when it ends."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        return [sys.executable, __file__, str(self.port)]


class S3Server(Server):
    """moto's own server, which has the API of S3."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        where = ("-H", "127.0.0.1", "-p", str(self.port))
        return [sys.executable, "-m", "moto.server", *where]

    def make_bucket(self, name: str) -> None:
        """Make a bucket, for whoever signs in by the environment's keys."""
        client = boto3.client("s3", endpoint_url=self.url)
        client.create_bucket(Bucket=name)
        client.close()


class Requests(BaseHTTPRequestHandler):
    """Does what the server that moto brings does not, and DynamoDB does.

    It leaves connections open for the next request. It lets one request in at a time,
    without which moto's conditional puts have two winners.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one piece, or each reply waits for 40 ms
    moto = Client(create_backend_app("dynamodb"))
    alone = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.alone:
            reply = self.moto.post(self.path, headers=self.headers.items(), data=body)
        self.send_response(reply.status_code)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.data)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Requests).serve_forever()
