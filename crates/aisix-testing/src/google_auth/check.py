"""Judges requests for access tokens by what `google-auth` publishes: its verifier, and its own
request for the same service account.

Reads claims from stdin, one JSON object a line, until its end: `{"content_type", "form", "account":
{}}`. For each it prints one line: a JSON list of what is wrong, empty where nothing is.
"""

import json
import sys
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import _client
from google.oauth2.service_account import Credentials

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
# What differs from request to request, or from endpoint to endpoint.
OWN = {"iat", "exp", "aud"}


def public_key(account):
    key = load_pem_private_key(account["private_key"].encode(), None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def assertion(said, account):
    certificates = {account["private_key_id"]: public_key(account)}
    try:
        claims = jwt.decode(said, certs=certificates, audience=account["token_uri"])
    except (GoogleAuthError, ValueError) as error:
        return [str(error)]
    google = Credentials.from_service_account_info(account, scopes=SCOPES)
    theirs = google._make_authorization_grant_assertion()
    expected = jwt.decode(theirs, verify=False)
    found = []
    if jwt.decode_header(said) != jwt.decode_header(theirs):
        found.append(f"the header is {jwt.decode_header(said)}")
    if set(claims) != set(expected):
        found.append(f"it claims {sorted(claims)}, not {sorted(expected)}")
    for name in sorted((set(claims) & set(expected)) - OWN):
        if claims[name] != expected[name]:
            found.append(f"{name} is {claims[name]!r}, not {expected[name]!r}")
    if claims["exp"] - claims["iat"] > expected["exp"] - expected["iat"]:
        found.append("it holds longer than Google's own")
    return found


def wrong(claim):
    found = []
    if claim["content_type"] != _client._URLENCODED_CONTENT_TYPE:
        found.append(f"it comes as {claim['content_type']}")
    form = parse_qs(claim["form"], strict_parsing=True)
    if form.pop("grant_type", None) != [_client._JWT_GRANT_TYPE]:
        found.append("it is no grant of a signed assertion")
    said = form.pop("assertion", [""])[0]
    found += [f"the form says '{name}'" for name in form]
    return found + assertion(said, claim["account"])


def main():
    for line in sys.stdin.readlines():
        print(json.dumps(wrong(json.loads(line))))


main()
