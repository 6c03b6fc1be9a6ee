# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens: RS256 by a key of the set that was read at start. Every request's signature is verified."""
import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission


def read_keys(path):
    with open(path, encoding="utf-8") as file:
        keys = jwt.PyJWKSet.from_json(file.read()).keys
    return {key.key_id: key.key for key in keys if key.key_type == "RSA"}


KEYS = read_keys(settings.OIDC_JWKS)


class Caller:
    """Who the token speaks of."""

    is_authenticated = True

    def __init__(self, claims):
        self.subject = claims["sub"]
        self.scopes = claims.get("scope", "").split()


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return Caller(self.verify(token)), token

    def authenticate_header(self, request):
        return "Bearer"

    @staticmethod
    def verify(token):
        try:
            key = KEYS[jwt.get_unverified_header(token).get("kid")]
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=settings.OIDC_ISSUER,
                audience=settings.OIDC_AUDIENCE,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.InvalidTokenError, KeyError) as error:
            raise AuthenticationFailed("the token is not valid") from error


class HasScope(BasePermission):
    """The view names the scope it wants in `required_scope`."""

    def has_permission(self, request, view):
        return request.user is not None and view.required_scope in request.user.scopes
