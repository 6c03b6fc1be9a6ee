# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of an API that stands behind a proxy: no sessions, no templates, no middleware that such a service does not need."""
import os
import secrets
from urllib.parse import parse_qs, unquote, urlsplit

address = urlsplit(os.environ["PEER_DATABASE"])

DEBUG = False
SECRET_KEY = secrets.token_hex()  # nothing is signed with it
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["rest_framework", "orders"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "orders.urls"
WSGI_APPLICATION = "orders.wsgi.application"
APPEND_SLASH = False
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(address.path.lstrip("/")),
        "USER": address.username,
        "PASSWORD": address.password or "",
        "HOST": parse_qs(address.query).get("host", [address.hostname or ""])[0],
        "PORT": address.port or "",
        "CONN_MAX_AGE": None,  # for as long as the thread lives
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["orders.auth.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["orders.auth.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "orders.views.answer_exception",
    "UNAUTHENTICATED_USER": None,
}

OIDC_ISSUER = os.environ["PEER_ISSUER"]
OIDC_AUDIENCE = os.environ["PEER_AUDIENCE"]
OIDC_JWKS = os.environ["PEER_JWKS"]
