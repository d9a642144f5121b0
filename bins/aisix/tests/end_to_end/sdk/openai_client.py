"""The official `openai` package against a gateway. Prints one PASS line for each thing that works."""

import os

import openai

BASE = os.environ["GATEWAY_BASE"]


def client(key):
    return openai.OpenAI(base_url=BASE, api_key=key, max_retries=0)


def ask(key, model, **options):
    messages = [{"role": "user", "content": "Hi"}]
    return client(key).chat.completions.create(model=model, messages=messages, **options)


def expect(name, error, call, **fields):
    try:
        call()
    except error as raised:
        assert type(raised) is error, type(raised)
        for field, value in fields.items():
            assert getattr(raised, field) == value, (field, getattr(raised, field))
        print("PASS", name, flush=True)
    else:
        raise AssertionError(f"{name}: nothing was raised")


answer = ask("sk-caller", "chat")
assert answer.choices[0].message.content == "Hello from the provider.", answer
assert answer.choices[0].finish_reason == "stop", answer
assert answer.model == "chat", answer
assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
print("PASS unary", flush=True)

pieces, usage = [], None
for chunk in ask("sk-caller", "chat", stream=True, stream_options={"include_usage": True}):
    assert chunk.model == "chat", chunk
    pieces += [choice.delta.content or "" for choice in chunk.choices]
    usage = chunk.usage or usage
assert "".join(pieces) == "One two three", pieces
assert usage.completion_tokens == 3, usage
print("PASS stream with usage", flush=True)

chunks = list(ask("sk-caller", "chat", stream=True))
assert "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices) == "One two three"
assert all(chunk.choices for chunk in chunks), "a chunk of usage that nobody asked for"
print("PASS stream", flush=True)

models = client("sk-caller").models.list()
assert [model.id for model in models] == ["broken", "chat", "throttled"], models
print("PASS models", flush=True)

raw = client("sk-caller").chat.completions.with_raw_response.create(
    model="chat",
    messages=[{"role": "user", "content": "Hi"}],
    extra_headers={"x-aisix-request-id": "from-the-caller"},
)
assert raw.headers["x-aisix-request-id"] == "from-the-caller", raw.headers
print("PASS request id", flush=True)

expect(
    "401",
    openai.AuthenticationError,
    lambda: ask("sk-nobody", "chat"),
    status_code=401,
    code="invalid_api_key",
    type="invalid_api_key",
)
expect(
    "403",
    openai.PermissionDeniedError,
    lambda: ask("sk-of-another-model", "chat"),
    status_code=403,
    code="model_access_forbidden",
    type="invalid_request_error",
)
expect(
    "404",
    openai.NotFoundError,
    lambda: ask("sk-caller", "no-such-model"),
    status_code=404,
    code="model_not_found",
    type="invalid_request_error",
)
expect("429", openai.RateLimitError, lambda: ask("sk-caller", "throttled"), status_code=429)
try:
    ask("sk-caller", "throttled")
except openai.RateLimitError as raised:
    assert raised.response.headers["retry-after"] == "7", raised.response.headers
    print("PASS retry-after", flush=True)

try:
    list(ask("sk-caller", "broken", stream=True))
except openai.APIError:
    print("PASS broken stream", flush=True)
