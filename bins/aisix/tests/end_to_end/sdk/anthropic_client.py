"""The official `anthropic` package, in front of upstreams of both families."""

import asyncio

import anthropic
from checks import (
    BASE, CITY, FAMILIES, FOUND, QUESTION, SCHEMA, SEAL, THOUGHT, WEATHER, City, check, raises,
)

HI = [{"role": "user", "content": "Hi"}]
ASK = [{"role": "user", "content": QUESTION}]
TOOLS = [{"name": "get_weather", "input_schema": SCHEMA}]
LIMIT = 2048


def client(key="sk-caller", **options):
    return anthropic.Anthropic(base_url=BASE, api_key=key, max_retries=0, **options)


ANTHROPIC = client()


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def results(message):
    calls = [block for block in message.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"city": "Oslo"}, {"city": "Rome"}], calls
    answers = [
        {"type": "tool_result", "tool_use_id": call.id, "content": WEATHER[call.input["city"]]}
        for call in calls
    ]
    return [
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": answers},
    ]


def messages(family):
    api = ANTHROPIC.messages
    options = {"model": f"{family}-plain", "max_tokens": LIMIT}

    @check(f"{family}: messages")
    def _():
        answer = api.create(messages=HI, system="Be kind.", **options)
        assert answer.model == options["model"] and answer.role == "assistant", answer
        assert text(answer) == "Hello there." and answer.stop_reason == "end_turn", answer
        usage = answer.usage
        assert (usage.input_tokens, usage.cache_read_input_tokens) == (15, 4), usage
        assert usage.output_tokens == 10, usage

    @check(f"{family}: messages streamed")
    def _():
        events = list(api.create(messages=HI, stream=True, **options))
        kinds = [event.type for event in events]
        assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"], kinds
        deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
        assert "".join(deltas) == "Hello there.", deltas
        assert events[-2].usage.output_tokens == 10, events[-2]

    @check(f"{family}: messages stream helper")
    def _():
        with api.stream(messages=HI, **options) as stream:
            assert "".join(stream.text_stream) == "Hello there."
            final = stream.get_final_message()
        assert final.stop_reason == "end_turn" and final.usage.output_tokens == 10, final
        with api.stream(messages=HI, **options) as stream:
            events = list(stream)
        snapshots = [event.snapshot for event in events if event.type == "text"]
        assert snapshots[-1] == "Hello there.", snapshots
        assert events[-1].type == "message_stop" and text(events[-1].message) == "Hello there."

    @check(f"{family}: tools")
    def _():
        first = api.create(messages=ASK, tools=TOOLS, **options)
        assert first.stop_reason == "tool_use" and text(first) == "Let me look.", first
        answer = api.create(messages=[*ASK, *results(first)], tools=TOOLS, **options)
        assert text(answer) == FOUND, answer

    @check(f"{family}: tools streamed")
    def _():
        with api.stream(messages=ASK, tools=TOOLS, **options) as stream:
            events = list(stream)
            first = stream.get_final_message()
        partial = [event.partial_json for event in events if event.type == "input_json"]
        assert "".join(partial) == '{"city":"Oslo"}{"city":"Rome"}', partial
        with api.stream(messages=[*ASK, *results(first)], tools=TOOLS, **options) as stream:
            assert text(stream.get_final_message()) == FOUND

    @check(f"{family}: tool runner")
    def _():
        @anthropic.beta_tool
        def get_weather(city: str) -> str:
            """The weather of a city.

            Args:
                city: Its name.
            """
            return WEATHER[city]

        api = ANTHROPIC.beta.messages
        # It has the provider keep the conversation, unless it is told not to, or that nobody does.
        thread = {} if family == "openai" else {"thread": False}
        run = api.tool_runner(messages=ASK, tools=[get_weather], **thread, **options)
        assert text(run.until_done()) == FOUND

    @check(f"{family}: parsed")
    def _():
        assert api.parse(messages=HI, output_format=City, **options).parsed_output == CITY
        with api.stream(messages=HI, output_format=City, **options) as stream:
            assert stream.get_final_message().parsed_output == CITY

    @check(f"{family}: thoughts")
    def _():
        thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "tools": TOOLS}
        whole = api.create(messages=ASK, **thinking, **options)
        with api.stream(messages=ASK, **thinking, **options) as stream:
            events = list(stream)
            streamed = stream.get_final_message()
        deltas = [event.thinking for event in events if event.type == "thinking"]
        assert "".join(deltas) == THOUGHT, deltas
        for first in (whole, streamed):
            thought = first.content[0]
            assert thought.type == "thinking" and thought.thinking == THOUGHT, first
            # Only a provider seals; it wants its seal back when the tools have answered.
            assert thought.signature == (SEAL if family == "anthropic" else ""), thought
            answer = api.create(messages=[*ASK, *results(first)], **thinking, **options)
            assert text(answer) == FOUND, answer

    @check(f"{family}: betas")
    def _():
        api = ANTHROPIC.beta.messages
        answer = api.create(messages=HI, betas=["output-300k-2026-03-24"], **options)
        assert text(answer) == "Hello there.", answer
        with api.stream(messages=HI, betas=["output-300k-2026-03-24"], **options) as stream:
            assert text(stream.get_final_message()) == "Hello there."


def errors(family):
    def ask(model, **options):
        return ANTHROPIC.messages.create(
            model=f"{family}-{model}", max_tokens=LIMIT, messages=HI, **options
        )

    @check(f"{family}: errors")
    def _():
        refused = raises(anthropic.BadRequestError, lambda: ask("invalid"), status_code=400)
        assert refused.body["error"]["type"] == "invalid_request_error", refused.body
        assert "The request makes no sense." in refused.message, refused
        for options in ({}, {"stream": True}):
            limited = raises(anthropic.RateLimitError, lambda: ask("throttled", **options))
            assert limited.response.headers["retry-after"] == "7", limited.response.headers
            assert limited.body["error"]["type"] == "rate_limit_error", limited.body
        for model in ("failing", "overloaded"):
            failed = raises(anthropic.InternalServerError, lambda: ask(model), status_code=502)
            assert failed.body["error"]["type"] == "api_error", failed.body

    @check(f"{family}: breaks off")
    def _():
        for model in ("broken", "breaking"):
            said = []

            def read():
                for event in ask(model, stream=True):
                    said.append(event)
                    assert event.type != "message_stop", event

            try:
                read()
            except anthropic.APIError:
                assert "Hello " in str(said), said
            else:
                raise AssertionError(f"{model}: it looks complete")


for family in FAMILIES:
    messages(family)
    errors(family)


@check("callers are told apart")
def _():
    def ask(api, model):
        return api.messages.create(model=model, max_tokens=LIMIT, messages=HI)

    def raised(kind, key, model):
        return raises(kind, lambda: ask(client(key), model)).body["error"]["type"]

    authentication, other = anthropic.AuthenticationError, anthropic.PermissionDeniedError
    assert raised(authentication, "sk-nobody", "openai-plain") == "authentication_error"
    assert raised(other, "sk-other", "openai-plain") == "permission_error"
    assert raised(anthropic.NotFoundError, "sk-caller", "no-such-model") == "not_found_error"
    # A token in place of a key is sent as `Authorization`.
    bearer = anthropic.Anthropic(base_url=BASE, auth_token="sk-caller", max_retries=0)
    assert text(ask(bearer, "openai-plain")) == "Hello there."


@check("count_tokens")
def _():
    def count(family):
        return ANTHROPIC.messages.count_tokens(model=f"{family}-plain", messages=HI)

    assert count("anthropic").input_tokens == 19
    raises(anthropic.BadRequestError, lambda: count("openai"), status_code=400)


@check("models")
def _():
    models = [model.id for model in ANTHROPIC.models.list()]
    assert {"anthropic-plain", "openai-plain"} <= set(models), models


@check("async")
def _():
    async def ask(family):
        async with anthropic.AsyncAnthropic(base_url=BASE, api_key="sk-caller") as asynchronous:
            options = {"model": f"{family}-plain", "max_tokens": LIMIT, "messages": HI}
            async with asynchronous.messages.stream(output_format=City, **options) as stream:
                return (await stream.get_final_message()).parsed_output

    async def ask_all():
        return await asyncio.gather(*(ask(family) for family in FAMILIES))

    assert asyncio.run(ask_all()) == [CITY, CITY]
