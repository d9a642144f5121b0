"""Judges JSON by the types that the providers' own packages publish.

Reads claims from stdin, one JSON object a line, until its end: `{"type": "<module>:<name>",
"each": false, "json": "..."}`, where the type is a TypedDict, a pydantic model or a union of such.
With `each`, every item of the list is judged. For each claim it prints one line: a JSON list of
what is wrong, empty where nothing is.

Types are taken by the letter: no value is converted, and a field that a type does not name is
wrong, although the packages let answers have more fields than they know.
"""

import importlib
import json
import sys
import typing

import typing_extensions
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

# An iterable is judged only as it is read, which would be after a type was picked from a union.
typing.Iterable = typing.List

CLOSED = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
MOST = 25


def close(package):
    """Lets the package's TypedDicts have no field that they do not name."""
    for name, module in list(sys.modules.items()):
        if name.startswith(package):
            for item in list(vars(module).values()):
                if typing_extensions.is_typeddict(item):
                    item.__pydantic_config__ = CLOSED


def adapter(name, adapters={}):
    if name not in adapters:
        module, attribute = name.split(":")
        published = getattr(importlib.import_module(module), attribute)
        close(module.split(".")[0])
        adapters[name] = TypeAdapter(published)
    return adapters[name]


def unknown(value, place):
    """The fields of a judged value that no type names."""
    if isinstance(value, BaseModel):
        for name, extra in (value.__pydantic_extra__ or {}).items():
            yield f"{place}.{name}: unknown field ({extra!r:.60})"
        value = {name: getattr(value, name) for name in value.__pydantic_fields_set__}
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from unknown(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from unknown(inner, f"{place}.{index}")


def meant(errors):
    """Without what is said of the members of unions that the value does not mean to be."""
    tells = {"type", "role", "stream", "object"}
    not_meant = [
        it["loc"][:-1]
        for it in errors
        if it["type"] == "literal_error" and it["loc"] and it["loc"][-1] in tells
    ]
    left = [it for it in errors if not any(it["loc"][: len(loc)] == loc for loc in not_meant)]
    return left or errors


def place(loc):
    """Where in a value something is wrong, without the names of types on the way."""
    is_type = lambda step: isinstance(step, str) and ("[" in step or step[:1].isupper())
    return ".".join(str(step) for step in loc if not is_type(step))


def wrong(name, value):
    try:
        # As JSON, because lists and tuples are the same there.
        judged = adapter(name).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        return [f"{place(it['loc'])}: {it['msg']} ({it['input']!r:.60})" for it in meant(errors)[:MOST]]
    return list(unknown(judged, ""))


def main():
    for line in sys.stdin.readlines():
        claim = json.loads(line)
        value = json.loads(claim["json"])
        if claim["each"]:
            found = [f"{number}: {it}" for number, item in enumerate(value) for it in wrong(claim["type"], item)]
        else:
            found = wrong(claim["type"], value)
        print(json.dumps(found))


main()
