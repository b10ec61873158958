"""JSON web tokens: from a request to a `Caller`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any, Literal

from starlette.types import Scope

from agno._io import ASYNC
from agno.os._caller import ADMIN, Caller
from agno.os._refusing import MALFORMED, Refusal, unauthenticated
from agno.utils.secrets import keep_secret

try:
    import jwt
except ImportError as error:
    raise ImportError('JSON web tokens need the package pyjwt: pip install "agno[os]"') from error

TokenSource = Literal["header", "cookie", "both"]
_SECRET = ("HS256", "HS384", "HS512")


@dataclass
class JWTSettings:
    """Where a token is found, how it is checked, and what its claims mean.

    Keys: `secret_key` (one), `verification_keys` (several), `jwks_file` or `jwks_url` (a key set; the token names its key).
    `algorithm` is the only one that is accepted, or a list of them. Without `validate`, a token is read unchecked: only for
    services behind a proxy that has checked it. With `authorization`, scopes decide what a caller may do.
    """

    secret_key: str | None = field(default=None, repr=False)
    verification_keys: Sequence[str] | str | None = field(default=None, repr=False)
    jwks_file: str | Path | None = None
    jwks_url: str | None = None
    algorithm: str | Sequence[str] = "RS256"
    token_source: TokenSource = "header"
    token_header_key: str = "Authorization"
    cookie_name: str = "access_token"
    user_id_claim: str = "sub"
    session_id_claim: str = "session_id"
    scopes_claim: str = "scopes"
    dependencies_claims: Sequence[str] | None = None
    session_state_claims: Sequence[str] | None = None
    validate: bool = True
    authorization: bool = False
    admin_scope: str | None = None
    audience: str | Sequence[str] | None = None
    issuer: str | None = None
    leeway: float = 10.0
    user_isolation: bool = True


class Tokens:
    """Reads and checks the tokens of requests."""

    def __init__(self, settings: JWTSettings) -> None:
        self.settings = settings
        self.algorithms = [settings.algorithm] if isinstance(settings.algorithm, str) else list(settings.algorithm)
        self._keys = _given_keys(settings)
        keep_secret(settings.secret_key)
        self._key_set = _read_key_set(settings.jwks_file) if settings.jwks_file is not None else None
        self._remote = jwt.PyJWKClient(settings.jwks_url, cache_keys=True) if settings.jwks_url else None
        self._check()

    def _check(self) -> None:
        settings = self.settings
        if settings.token_source not in ("header", "cookie", "both"):
            raise ValueError(f"token_source={settings.token_source!r} is none of 'header', 'cookie', 'both'.")
        unknown = [
            name for name in self.algorithms if name not in jwt.algorithms.get_default_algorithms() or name == "none"
        ]
        if unknown or not self.algorithms:
            raise ValueError(
                f"algorithm={settings.algorithm!r} cannot be used; give RS256, ES256, HS256 or another one."
            )
        if settings.validate and not (self._keys or self._key_set is not None or self._remote is not None):
            raise ValueError(
                "A JWT cannot be checked without a key: give secret_key=, verification_keys=, jwks_file= or jwks_url=."
            )
        if any(name not in _SECRET for name in self.algorithms) and any(name in _SECRET for name in self.algorithms):
            raise ValueError(
                "algorithm= mixes secrets (HS...) and public keys: a public key must never be used as a secret."
            )

    # From a request to a caller ---------------------------------------------------------------------------------------

    async def identify(self, scope: Scope) -> Caller | None:
        """The caller of a request; None without a token. Raises `Refusal` for one that is not right."""
        token = self._token(scope)
        return None if token is None else await self.caller(token)

    async def caller(self, token: str) -> Caller:
        """The caller that a token stands for; raises `Refusal`."""
        return self._caller_from(await self._claims(token))

    def _token(self, scope: Scope) -> str | None:
        settings = self.settings
        if settings.token_source in ("header", "both"):
            value = _header(scope, settings.token_header_key)
            if value is not None:
                return _bearer(value, settings.token_header_key)
        if settings.token_source in ("cookie", "both"):
            return _cookie(scope, settings.cookie_name)
        return None

    async def _claims(self, token: str) -> Mapping[str, Any]:
        if not self.settings.validate:
            try:
                return _mapping(jwt.decode(token, options={"verify_signature": False}))
            except jwt.PyJWTError:
                raise unauthenticated() from None
        failed: Exception | None = None
        for key in await self._candidates(token):
            try:
                return _mapping(self._decoded(token, key))
            except jwt.InvalidSignatureError as error:
                failed = error
            except jwt.ExpiredSignatureError:
                raise unauthenticated("The token has expired") from None
            except (jwt.PyJWTError, TypeError, ValueError):
                raise unauthenticated() from None
        raise unauthenticated() from failed

    def _decoded(self, token: str, key: Any) -> Any:
        settings = self.settings
        return jwt.decode(
            token,
            key,
            algorithms=self.algorithms,
            audience=settings.audience,
            issuer=settings.issuer,
            leeway=settings.leeway,
            options={"verify_aud": settings.audience is not None, "verify_sub": False},
        )

    async def _candidates(self, token: str) -> Iterable[Any]:
        if self._key_set is None and self._remote is None:
            return self._keys
        try:
            if self._remote is not None:
                found = await ASYNC.call(self._remote.get_signing_key_from_jwt, token)
                return [*self._keys, found.key]
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError:
            raise unauthenticated() from None
        return [*self._keys, *(one.key for one in self._key_set.keys if kid is None or one.key_id == kid)]  # type: ignore[union-attr]

    def _caller_from(self, claims: Mapping[str, Any]) -> Caller:
        settings = self.settings
        user_id = _text(claims.get(settings.user_id_claim))
        scopes = _scopes(claims.get(settings.scopes_claim)) if settings.authorization else None
        admin = settings.admin_scope or ADMIN
        if user_id is None and (scopes is None or admin not in scopes):
            raise unauthenticated(f"The token names no user: its claim {settings.user_id_claim!r} is missing")
        isolated = settings.user_isolation and (scopes is None or admin not in scopes)
        return Caller(
            user_id=user_id if isolated else None,
            scopes=scopes,
            session_id=_text(claims.get(settings.session_id_claim)),
            claims=claims,
            dependencies=_picked(claims, settings.dependencies_claims),
            session_state=_picked(claims, settings.session_state_claims),
            admin_scope=admin,
        )


def _given_keys(settings: JWTSettings) -> list[str]:
    several = settings.verification_keys
    keys = [several] if isinstance(several, str) else list(several or ())
    return [*([settings.secret_key] if settings.secret_key else []), *keys]


def _read_key_set(path: str | Path) -> Any:
    try:
        return jwt.PyJWKSet.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise ValueError(f"jwks_file={str(path)!r} is no JSON web key set that can be read: {error}") from error


def _header(scope: Scope, name: str) -> str | None:
    wanted = name.lower().encode("latin-1")
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), None)


def _bearer(value: str, name: str) -> str:
    scheme, _, token = value.partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    if name.lower() == "authorization":
        raise Refusal(401, MALFORMED, {"WWW-Authenticate": "Bearer"})
    return value.strip()  # a header of one's own holds the token alone


def _cookie(scope: Scope, name: str) -> str | None:
    for key, value in scope["headers"]:
        if key == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(name)
            except CookieError:
                return None
            if found is not None:
                return found.value
    return None


def _mapping(claims: Any) -> Mapping[str, Any]:
    if not isinstance(claims, Mapping):
        raise unauthenticated()
    return claims


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _scopes(value: Any) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.replace(",", " ").split())
    return frozenset(map(str, value)) if isinstance(value, (list, tuple)) else frozenset()


def _picked(claims: Mapping[str, Any], names: Sequence[str] | None) -> dict[str, Any]:
    return {name: claims[name] for name in names or () if name in claims}


__all__ = ["JWTSettings", "TokenSource", "Tokens"]
