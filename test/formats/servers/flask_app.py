"""A Flask application with Flask's own sessions, on Werkzeug's server."""

import json
import os
from datetime import datetime, timezone
from uuid import UUID

from flask import Flask, request, session
from markupsafe import Markup
from werkzeug.serving import WSGIRequestHandler, make_server

from common import announce, listen

app = Flask(__name__)
app.secret_key = os.environ["SESSION_KEY"]

TYPES = {
    "tuple": (1, ("a", [2])),
    "bytes": b"\x00\xff",
    "uuid": UUID(int=5),
    "date": datetime(2025, 1, 1, tzinfo=timezone.utc),
    "markup": Markup("<b>"),
    "big": 2**70,
    "infinity": float("inf"),
    "looks_like_tuple": {" t": [1]},
    "looks_like_dict": {" di": {" t__": [1]}},
    "only_a_tag": {" b": 5},
    "tuple_under_tag": {" u": (1, 2)},
}


@app.route("/session", methods=["GET", "PUT"])
def whole():
    if request.method == "PUT":
        data = json.loads(request.get_data())
        session.clear()
        session.update(data)
    return app.response_class(json.dumps(dict(session)), mimetype="application/json")


@app.route("/types", methods=["GET", "PUT"])
def types():
    """Sets values that JSON lacks, and tells whether they are still what they were."""
    if request.method == "PUT":
        session.clear()
        session.update(TYPES)
    kept = {name: repr(session.get(name)) == repr(value) for name, value in TYPES.items()}
    return app.response_class(json.dumps(kept), mimetype="application/json")


class Quiet(WSGIRequestHandler):
    def log_request(self, *args, **kwargs):
        pass


if __name__ == "__main__":
    listener = listen()
    port = listener.getsockname()[1]
    server = make_server(
        "127.0.0.1", port, app, threaded=True, fd=listener.fileno(), request_handler=Quiet
    )
    announce(port)
    server.serve_forever()
