"""Judges requests to Bedrock by what `botocore` publishes: its service model and its signer.

Reads claims from stdin, one JSON object a line, until its end. For each it prints one line: a JSON
list of what is wrong, empty where nothing is.

A claim about a request, as an upstream received it:
`{"operation": "Converse", "url", "headers": {}, "body": "...", "region", "access_key_id",
"secret_access_key", "session_token"}`. The body is validated against the operation's input, or, where
that leaves it open and the model embeds, against what the user guide says of it; the signature is computed anew over the method, the URL, the signed headers and the body.

Without `headers` and what signs, it is about the body alone.

A claim about an answer: `{"operation": "Converse", "answer": {}}`. It is validated against the
operation's output.

A claim about an event stream: `{"stream": "<base64>", "events": ["messageStart", ...]}`. Its bytes
are read by `botocore` and hold these events and exceptions. With `"operation"` in place of
`"events"`, each of them is validated against what the operation streams.
"""

import base64
import binascii
import json
import re
import sys
from urllib.parse import unquote, urlsplit

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer
from botocore.validate import ParamValidator

MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")
# What a proxy may change on the way; anything else of a request must be signed.
UNSIGNED = {"authorization", "user-agent", "content-length", "accept-encoding", "connection"}


def particulars(shape, value, place):
    """What the validator leaves to the service: words of enumerations, patterns, base64."""
    if shape.type_name == "structure" and isinstance(value, dict):
        if shape.is_document_type:
            return
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            yield f"{place}: not exactly one of a union"
        for name, inner in value.items():
            if name in shape.members:
                yield from particulars(shape.members[name], inner, f"{place}.{name}")
    elif shape.type_name == "list":
        for index, inner in enumerate(value):
            yield from particulars(shape.member, inner, f"{place}.{index}")
    elif shape.type_name == "map":
        for name, inner in value.items():
            yield from particulars(shape.key, name, f"{place}.{name}")
            yield from particulars(shape.value, inner, f"{place}.{name}")
    elif shape.type_name == "string":
        if value not in (getattr(shape, "enum", None) or [value]):
            yield f"{place}: {value!r} is none of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(f"^(?:{pattern})$", value):
            yield f"{place}: {value!r} does not match {pattern}"
        longest = shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{place}: longer than {longest}"
    elif shape.type_name == "blob":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            yield f"{place}: no base64"


def is_text(value):
    return isinstance(value, str) and value != ""


def is_flag(value):
    return isinstance(value, bool)


def is_length(value):
    return value in ({"outputEmbeddingLength": length} for length in (256, 384, 1024))


def one_of(*words):
    return lambda value: value in words


def is_texts(value):
    return isinstance(value, list) and 0 < len(value) <= 96 and all(isinstance(text, str) for text in value)


INPUT_TYPE = one_of("search_document", "search_query", "classification", "clustering")
# Which models embed, by a part of their ids, with the fields that they must have and those that they
# may have. The service model leaves their bodies open: this is what the user guide says of them.
EMBEDDINGS = [
    ("amazon.titan-embed-text-v2", {"inputText": is_text}, {"dimensions": one_of(256, 512, 1024), "normalize": is_flag}),
    ("amazon.titan-embed-image", {"inputText": is_text}, {"embeddingConfig": is_length}),
    ("amazon.titan-embed", {"inputText": is_text}, {}),
    (
        "cohere.embed-v4",
        {"texts": is_texts, "input_type": INPUT_TYPE},
        {"truncate": one_of("NONE", "LEFT", "RIGHT"), "output_dimension": one_of(256, 512, 1024, 1536)},
    ),
    (
        "cohere.embed",
        {"texts": is_texts, "input_type": INPUT_TYPE},
        {"truncate": one_of("NONE", "START", "END")},
    ),
]


def documented(model, body):
    """What differs from the documentation, where the model is one that embeds."""
    known = (formats for part, *formats in EMBEDDINGS if part in model)
    required, optional = next(known, ({}, dict.fromkeys(body, lambda value: True)))
    for name in sorted(required.keys() - body.keys()):
        yield f"the body does not say '{name}'"
    for name, value in body.items():
        permitted = (required | optional).get(name, lambda value: False)
        if not permitted(value):
            yield f"the body says '{name}': {value!r:.200}"


def content(claim, operation):
    path = urlsplit(claim["url"]).path
    template = MODEL.operation_model(operation).http["requestUri"]
    match = re.search(template.replace("{modelId}", "([^/]+)") + "$", path)
    if not match:
        return [f"{path} is not {template}"]
    model = unquote(match.group(1))
    if operation == "InvokeModel":
        body = json.loads(claim["body"])
        found = [f"the body says '{name}'" for name in ("model", "stream") if name in body]
        return found + list(documented(model, body))
    params = {"modelId": model, **json.loads(claim["body"])}
    return misshapen(MODEL.operation_model(operation).input_shape, params)


def misshapen(shape, value):
    report = ParamValidator().validate(value, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return found or list(particulars(shape, value, ""))


def signature(claim):
    headers = {name.lower(): value for name, value in claim["headers"].items()}
    said = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(.+?), SignedHeaders=(.+?), Signature=([0-9a-f]{64})",
        headers["authorization"],
    )
    if not said:
        return ["the credential is no signature of version 4"]
    scope, names, signature = said.groups()
    names = names.split(";")
    found = [f"{name} is not signed" for name in sorted(set(headers) - UNSIGNED - set(names))]
    if headers.get("x-amz-security-token") != claim.get("session_token"):
        found.append("the session token is not sent")
    request = AWSRequest(
        method="POST",
        url=claim["url"],
        headers={name: headers[name] for name in names},
        data=claim["body"].encode(),
    )
    request.context["timestamp"] = headers["x-amz-date"]
    credentials = Credentials(claim["access_key_id"], claim["secret_access_key"])
    auth = SigV4Auth(credentials, "bedrock", claim["region"])
    if scope != f"{claim['access_key_id']}/{auth.credential_scope(request)}":
        found.append(f"signed for {scope}")
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    if auth.signature(to_sign, request) != signature:
        found.append("the signature is another one than botocore's")
    return found


def events(claim):
    buffer = EventStreamBuffer()
    buffer.add_data(base64.b64decode(claim["stream"]))
    read = []
    for message in buffer:
        headers = message.headers
        name = headers.get(":event-type") or headers.get(":exception-type")
        read.append((name, json.loads(message.payload)))
    if "events" in claim:
        names = [name for name, _ in read]
        return [] if names == claim["events"] else [f"read {names}"]
    known = MODEL.operation_model(claim["operation"]).get_event_stream_output().members
    unknown = [f"no event of it: {name}" for name, _ in read if name not in known]
    return unknown or [
        f"{name}: {it}" for name, value in read for it in misshapen(known[name], value)
    ]


def wrong(claim):
    if "stream" in claim:
        return events(claim)
    if "answer" in claim:
        return misshapen(MODEL.operation_model(claim["operation"]).output_shape, claim["answer"])
    found = content(claim, claim["operation"])
    return found + (signature(claim) if claim.get("secret_access_key") else [])


def main():
    for line in sys.stdin.readlines():
        print(json.dumps(wrong(json.loads(line))))


main()
