"""A Starlette application with its own SessionMiddleware, for HTTP and WebSocket, on uvicorn."""

import json
import os

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from common import announce, listen


async def session(request):
    if request.method == "PUT":
        data = await request.json()
        request.session.clear()
        request.session.update(data)
    return Response(json.dumps(request.session), media_type="application/json")


async def feed(websocket):
    await websocket.accept()
    await websocket.send_text(json.dumps(websocket.session))
    await websocket.close()


app = Starlette(
    routes=[
        Route("/session", session, methods=["GET", "PUT"]),
        WebSocketRoute("/feed", feed),
    ],
    middleware=[Middleware(SessionMiddleware, secret_key=os.environ["SESSION_KEY"])],
)

if __name__ == "__main__":
    listener = listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    announce(listener.getsockname()[1])
    server.run(sockets=[listener])
