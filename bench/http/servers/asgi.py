"""Starlette on uvicorn with uvloop and httptools: python3 asgi.py [off | session]

Serves HTTP and a WebSocket. It asks for a free port first, because uvicorn does not tell which one
it took.
"""

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

SECRET = "4uJxZ7Qm1vWc9Lr2Ks8Tn5Yb0Gd3Hf6Pa-Ei_Ox.Rw~V"


async def plain(request):
    return JSONResponse({"n": 0, "views": 0})


async def login(request):
    n = int(request.query_params.get("n", "0"))
    request.session.update(n=n, user=f"u_{n:08d}", views=1)
    return JSONResponse({"n": n})


async def read(request):
    return JSONResponse({"n": request.session.get("n"), "views": request.session.get("views")})


async def write(request):
    request.session["views"] = request.session.get("views", 0) + 1
    return JSONResponse({"n": request.session.get("n"), "views": request.session["views"]})


async def echo(websocket):
    if "user" not in websocket.session:
        await websocket.close(1008)
        return
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


middleware = [] if sys.argv[1:] == ["off"] else [Middleware(SessionMiddleware, secret_key=SECRET)]
app = Starlette(
    routes=[
        Route("/plain", plain),
        Route("/login", login),
        Route("/read", read),
        Route("/write", write),
        WebSocketRoute("/echo", echo),
    ],
    middleware=middleware,
)

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
listener.listen(2048)
print("PORT", listener.getsockname()[1], flush=True)
config = uvicorn.Config(
    app, loop="uvloop", http="httptools", ws="websockets", log_level="critical", access_log=False, lifespan="off",
    ws_ping_interval=None,
)
uvicorn.Server(config).run(sockets=[listener])
