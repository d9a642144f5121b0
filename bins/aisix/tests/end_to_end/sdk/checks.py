"""What the scripts that try a package share: a PASS or a FAIL line for each thing that is tried."""

import os
import traceback

from pydantic import BaseModel

BASE = os.environ["GATEWAY_BASE"]
FAMILIES = ("openai", "anthropic")
QUESTION = "How is the weather in Oslo and in Rome?"
WEATHER = {"Oslo": "3 degrees", "Rome": "21 degrees"}
FOUND = "Found: 3 degrees, 21 degrees."
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
# What the provider behind the gateway thinks, and what it seals its thoughts with.
THOUGHT, SEAL = "Norway, so Oslo.", "EqQBCgIYAhIM1gbcDa9GJwZA"


class City(BaseModel):
    name: str
    people: int


CITY = City(name="Oslo", people=709037)


def check(name):
    """Runs what it decorates, and says whether it worked."""

    def run(work):
        try:
            work()
        except Exception:
            traceback.print_exc()
            print("FAIL", name, flush=True)
        else:
            print("PASS", name, flush=True)

    return run


def raises(kind, call, **fields):
    """Makes sure that a call raises exactly this error, with these fields; answers it."""
    try:
        call()
    except Exception as raised:
        assert type(raised) is kind, f"{type(raised)}: {raised}"
        for field, value in fields.items():
            assert getattr(raised, field) == value, (field, getattr(raised, field))
        return raised
    raise AssertionError(f"no {kind}")
