"""The official `openai` package, in front of upstreams of both families."""

import asyncio

import openai
from checks import (
    BASE, CITY, FAMILIES, FOUND, QUESTION, SCHEMA, SEAL, THOUGHT, WEATHER, City, check, raises,
)
from openai.lib.responses_tool_runner import RegisteredFunction, ResponsesToolRunner
from pydantic import BaseModel

HI = [{"role": "user", "content": "Hi"}]
ASK = [{"role": "user", "content": QUESTION}]


class GetWeather(BaseModel):
    city: str


def client(key="sk-caller"):
    return openai.OpenAI(base_url=f"{BASE}/v1", api_key=key, max_retries=0)


OPENAI = client()


def chat(family):
    model = f"{family}-plain"
    completions = OPENAI.chat.completions

    @check(f"{family}: chat")
    def _():
        answer = completions.create(model=model, messages=HI)
        assert answer.model == model and answer.object == "chat.completion", answer
        assert answer.choices[0].message.content == "Hello there.", answer
        assert answer.choices[0].finish_reason == "stop", answer
        usage = answer.usage
        # Anthropic counts what it read from a cache beside the other tokens of the request.
        prompt = 19 if family == "openai" else 15
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (prompt, 10, 29)
        assert usage.prompt_tokens_details.cached_tokens == 4, usage

    @check(f"{family}: chat streamed")
    def _():
        options = {"include_usage": True}
        stream = completions.create(model=model, messages=HI, stream=True, stream_options=options)
        chunks = list(stream)
        deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
        assert all(chunk.model == model for chunk in chunks), chunks
        assert deltas[0].role == "assistant", deltas
        assert "".join(delta.content or "" for delta in deltas) == "Hello there.", deltas
        assert chunks[-1].usage.total_tokens == 29 and not chunks[-1].choices, chunks[-1]
        uncounted = list(completions.create(model=model, messages=HI, stream=True))
        assert all(chunk.choices for chunk in uncounted), "usage that nobody asked for"

    @check(f"{family}: chat stream helper")
    def _():
        with completions.stream(model=model, messages=HI) as stream:
            events = list(stream)
            final = stream.get_final_completion()
        pieces = [event.delta for event in events if event.type == "content.delta"]
        assert "".join(pieces) == "Hello there.", events
        assert any(event.type == "content.done" for event in events), events
        assert final.choices[0].message.content == "Hello there.", final
        assert final.choices[0].finish_reason == "stop", final

    tools = [openai.pydantic_function_tool(GetWeather, name="get_weather")]

    def results(message):
        calls = message.tool_calls
        assert [call.function.parsed_arguments for call in calls] == [
            GetWeather(city="Oslo"), GetWeather(city="Rome"),
        ], calls
        return [
            {"role": "tool", "tool_call_id": call.id, "content": WEATHER[call.function.parsed_arguments.city]}
            for call in calls
        ]

    @check(f"{family}: chat tools")
    def _():
        first = completions.parse(model=model, messages=ASK, tools=tools)
        assert first.choices[0].finish_reason == "tool_calls", first
        message = first.choices[0].message
        assert message.content == "Let me look.", message
        answer = completions.create(model=model, messages=[*ASK, message, *results(message)], tools=tools)
        assert answer.choices[0].message.content == FOUND, answer

    @check(f"{family}: chat tools streamed")
    def _():
        with completions.stream(model=model, messages=ASK, tools=tools) as stream:
            events = list(stream)
            message = stream.get_final_completion().choices[0].message
        done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
        assert [(event.name, event.index) for event in done] == [("get_weather", 0), ("get_weather", 1)], done
        with completions.stream(model=model, messages=[*ASK, message, *results(message)], tools=tools) as stream:
            assert stream.get_final_completion().choices[0].message.content == FOUND

    @check(f"{family}: chat parsed")
    def _():
        answer = completions.parse(model=model, messages=HI, response_format=City)
        assert answer.choices[0].message.parsed == CITY, answer
        with completions.stream(model=model, messages=HI, response_format=City) as stream:
            assert stream.get_final_completion().choices[0].message.parsed == CITY

    @check(f"{family}: chat thoughts")
    def _():
        answer = completions.create(model=model, messages=HI, reasoning_effort="low")
        message = answer.choices[0].message
        assert message.reasoning_content == THOUGHT, answer
        assert message.content == "Hello there.", answer
        pieces = []
        for chunk in completions.create(model=model, messages=HI, reasoning_effort="low", stream=True):
            pieces += [getattr(choice.delta, "reasoning_content", None) or "" for choice in chunk.choices]
        assert "".join(pieces) == THOUGHT, pieces
        again = completions.create(model=model, messages=[*HI, message, *HI])
        assert again.choices[0].message.content == "Hello there.", again


def responses(family):
    model = f"{family}-plain"
    api = OPENAI.responses

    @check(f"{family}: responses")
    def _():
        answer = api.create(model=model, input="Hi", instructions="Be kind.")
        assert answer.model == model and answer.status == "completed", answer
        assert answer.output_text == "Hello there.", answer
        usage = answer.usage
        assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (19, 10, 29), usage
        assert usage.input_tokens_details.cached_tokens == 4, usage

    @check(f"{family}: responses streamed")
    def _():
        events = list(api.create(model=model, input="Hi", stream=True))
        assert [event.sequence_number for event in events] == list(range(len(events))), events
        kinds = [event.type for event in events]
        assert kinds[:2] == ["response.created", "response.in_progress"], kinds
        assert kinds[-1] == "response.completed", kinds
        assert events[-1].response.output_text == "Hello there.", events[-1]
        assert events[-1].response.usage.total_tokens == 29, events[-1]

    @check(f"{family}: responses stream helper")
    def _():
        with api.stream(model=model, input="Hi") as stream:
            events = list(stream)
            final = stream.get_final_response()
        snapshots = [event.snapshot for event in events if event.type == "response.output_text.delta"]
        assert snapshots == ["Hello ", "Hello there."], snapshots
        assert final.output_text == "Hello there." and final.model == model, final

    tools = [{"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": True}]

    def results(answer):
        calls = [item for item in answer.output if item.type == "function_call"]
        assert [call.parsed_arguments for call in calls] == [{"city": "Oslo"}, {"city": "Rome"}], calls
        return [
            {"type": "function_call_output", "call_id": call.call_id, "output": WEATHER[call.parsed_arguments["city"]]}
            for call in calls
        ]

    @check(f"{family}: responses tools")
    def _():
        first = api.parse(model=model, input=ASK, tools=tools)
        answer = api.create(model=model, input=[*ASK, *first.output, *results(first)], tools=tools)
        assert answer.output_text == FOUND, answer

    @check(f"{family}: responses tools streamed")
    def _():
        with api.stream(model=model, input=ASK, tools=tools) as stream:
            events = list(stream)
            first = stream.get_final_response()
        done = [event for event in events if event.type == "response.function_call_arguments.done"]
        assert [event.arguments for event in done] == ['{"city":"Oslo"}', '{"city":"Rome"}'], done
        with api.stream(model=model, input=[*ASK, *first.output, *results(first)], tools=tools) as stream:
            assert stream.get_final_response().output_text == FOUND

    @check(f"{family}: responses parsed")
    def _():
        assert api.parse(model=model, input="Hi", text_format=City).output_parsed == CITY
        with api.stream(model=model, input="Hi", text_format=City) as stream:
            assert stream.get_final_response().output_parsed == CITY

    @check(f"{family}: responses thoughts")
    def _():
        options = {
            "model": model,
            "tools": tools,
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "store": False,
        }
        first = api.parse(input=ASK, **options)
        thought = first.output[0]
        assert thought.type == "reasoning" and thought.summary[0].text == THOUGHT, first
        with api.stream(input=ASK, **options) as stream:
            events = list(stream)
            streamed = stream.get_final_response()
        deltas = [event.delta for event in events if event.type == "response.reasoning_summary_text.delta"]
        assert "".join(deltas) == THOUGHT, deltas
        assert streamed.output[0].summary[0].text == THOUGHT, streamed
        for answer in (first, streamed):
            last = api.create(input=[*ASK, *answer.output, *results(answer)], **options)
            assert last.output_text == FOUND, last


def errors(family):
    def chat(model, **options):
        return OPENAI.chat.completions.create(model=f"{family}-{model}", messages=HI, **options)

    def respond(model, **options):
        return OPENAI.responses.create(model=f"{family}-{model}", input="Hi", **options)

    for name, ask in (("chat", chat), ("responses", respond)):

        @check(f"{family}: {name} errors")
        def _():
            refused = raises(openai.BadRequestError, lambda: ask("invalid"), status_code=400)
            assert "The request makes no sense." in refused.message, refused
            for options in ({}, {"stream": True}):
                limited = raises(openai.RateLimitError, lambda: ask("throttled", **options), code="rate_limit_exceeded")
                assert limited.response.headers["retry-after"] == "7", limited.response.headers
            raises(openai.InternalServerError, lambda: ask("failing"), status_code=502)
            raises(openai.InternalServerError, lambda: ask("overloaded"), status_code=502)

        @check(f"{family}: {name} breaks off")
        def _():
            for model in ("broken", "breaking"):
                said = []

                def read():
                    for event in ask(model, stream=True):
                        said.append(event)
                        assert getattr(event, "type", None) != "response.completed", event
                        if getattr(event, "type", None) == "error":
                            raise openai.APIError(event.message, None, body=None)

                raises(openai.APIError, read)
                assert "Hello " in str(said), said


def runner(family):
    @check(f"{family}: responses tool runner")
    def _():
        # It is the strictest reader of streams: the items must add up to the response.
        tool = {"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": True}
        weather = RegisteredFunction(tool, lambda arguments: WEATHER[arguments["city"]])
        request = {"model": f"{family}-plain", "input": ASK, "reasoning": {"effort": "low"}, "store": False}
        request["include"] = ["reasoning.encrypted_content"]
        for stream in (False, True):
            runner = ResponsesToolRunner(functions=[weather])
            answer = runner.run(OPENAI, request, stream=stream)
            assert answer.output_text == FOUND, answer


for family in FAMILIES:
    chat(family)
    responses(family)
    errors(family)
    runner(family)


@check("callers are told apart")
def _():
    def ask(key, model):
        return client(key).chat.completions.create(model=model, messages=HI)

    nobody = {"status_code": 401, "code": "invalid_api_key", "type": "invalid_api_key"}
    raises(openai.AuthenticationError, lambda: ask("sk-nobody", "openai-plain"), **nobody)
    request = {"type": "invalid_request_error"}
    raises(openai.PermissionDeniedError, lambda: ask("sk-other", "openai-plain"), code="model_access_forbidden", **request)
    raises(openai.NotFoundError, lambda: ask("sk-caller", "no-such-model"), code="model_not_found", **request)


@check("embeddings")
def _():
    # The package asks for base64 by itself, and decodes it.
    for options in ({}, {"encoding_format": "float"}):
        vectors = OPENAI.embeddings.create(model="openai-plain", input=["a", "bc"], **options)
        assert [vector.embedding for vector in vectors.data] == [[0.0, 0.25], [1.0, 0.5]], vectors
        titan = OPENAI.embeddings.create(model="bedrock-titan", input=["a", "bc"], dimensions=256, **options)
        assert [vector.embedding for vector in titan.data] == [[0.0, 0.25], [0.0, 0.5]], titan
        assert [vector.index for vector in titan.data] == [0, 1] and titan.usage.total_tokens == 38, titan
        meant = {"input_type": "search_query"}
        cohere = OPENAI.embeddings.create(model="bedrock-cohere", input=["a", "bc"], extra_body=meant, **options)
        assert [vector.embedding for vector in cohere.data] == [[0.0, 0.25], [1.0, 0.5]], cohere
        assert cohere.usage.total_tokens == 19, cohere
    tokens = OPENAI.embeddings.create(model="openai-plain", input=[1, 2, 3])
    assert [vector.embedding for vector in tokens.data] == [[0.0, 0.75]], tokens
    ask = lambda: OPENAI.embeddings.create(model="anthropic-plain", input="a")
    raises(openai.InternalServerError, ask, status_code=501)
    ask = lambda: OPENAI.embeddings.create(model="bedrock-titan", input=[1, 2, 3])
    raises(openai.BadRequestError, ask, status_code=400)


@check("models")
def _():
    models = [model.id for model in OPENAI.models.list()]
    assert {"anthropic-plain", "openai-plain"} <= set(models) and models == sorted(models), models
    assert [model.id for model in client("sk-other").models.list()] == ["openai-throttled"]


@check("request id")
def _():
    headers = {"x-aisix-request-id": "from-the-caller"}
    raw = OPENAI.chat.completions.with_raw_response.create(model="openai-plain", messages=HI, extra_headers=headers)
    assert raw.headers["x-aisix-request-id"] == "from-the-caller", raw.headers


@check("async")
def _():
    async def ask(family):
        async with openai.AsyncOpenAI(base_url=f"{BASE}/v1", api_key="sk-caller") as asynchronous:
            api = asynchronous.responses
            async with api.stream(model=f"{family}-plain", input="Hi", text_format=City) as stream:
                return (await stream.get_final_response()).output_parsed

    async def ask_all():
        return await asyncio.gather(*(ask(family) for family in FAMILIES))

    assert asyncio.run(ask_all()) == [CITY, CITY]
