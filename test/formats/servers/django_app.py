"""A Django application with signed-cookie sessions, on uvicorn."""

import json
import os

import django
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from common import announce, listen

settings.configure(
    SECRET_KEY=os.environ["SESSION_KEY"],
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    USE_TZ=True,
)
django.setup()


@csrf_exempt
def session(request):
    if request.method == "PUT":
        data = json.loads(request.body)
        request.session.flush()
        for key, value in data.items():
            request.session[key] = value
    data = dict(request.session.items())
    return HttpResponse(json.dumps(data), content_type="application/json")


urlpatterns = [path("session", session)]
application = get_asgi_application()

if __name__ == "__main__":
    listener = listen()
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
    announce(listener.getsockname()[1])
    server.run(sockets=[listener])
