"""LangChain's chat clients, in front of upstreams of both families."""

import asyncio

import anthropic
import openai
from checks import BASE, CITY, FAMILIES, FOUND, QUESTION, SEAL, THOUGHT, WEATHER, City, check
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

# The clients share their connections, which belong to one loop.
LOOP = asyncio.new_event_loop()


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return WEATHER[city]


def chat(model, **options):
    key = {"api_key": "sk-caller", "base_url": f"{BASE}/v1", "max_retries": 0}
    return ChatOpenAI(model=model, use_responses_api=False, stream_usage=True, **key, **options)


def responses(model, **options):
    key = {"api_key": "sk-caller", "base_url": f"{BASE}/v1", "max_retries": 0}
    return ChatOpenAI(model=model, use_responses_api=True, **key, **options)


def messages(model, **options):
    key = {"api_key": "sk-caller", "base_url": BASE, "max_retries": 0}
    return ChatAnthropic(model=model, max_tokens=2048, **key, **options)


# What makes each of them think, and what it raises for 429.
CLIENTS = {
    "ChatOpenAI, chat": (chat, {"reasoning_effort": "low"}, openai.RateLimitError),
    "ChatOpenAI, responses": (
        responses,
        {
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "store": False,
        },
        openai.RateLimitError,
    ),
    "ChatAnthropic": (
        messages,
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        anthropic.RateLimitError,
    ),
}


def joined(chunks):
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


def answered(model, first):
    """Goes on with a conversation in which the model has called its tools."""
    calls = [(call["name"], call["args"]) for call in first.tool_calls]
    expected = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    assert calls == expected, first
    results = [get_weather.invoke(call) for call in first.tool_calls]
    assert all(isinstance(result, ToolMessage) for result in results), results
    return [HumanMessage(QUESTION), first, *results]


def tries(name, make, thinking, limited, family):
    model = make(f"{family}-plain")

    @check(f"{family}: {name}: text")
    def _():
        answer = model.invoke("Hi")
        assert answer.text == "Hello there.", answer
        assert answer.usage_metadata["output_tokens"] == 10, answer.usage_metadata

    @check(f"{family}: {name}: streaming")
    def _():
        chunks = list(model.stream("Hi"))
        assert [chunk.text for chunk in chunks if chunk.text] == ["Hello ", "there."], chunks
        assert joined(chunks).usage_metadata["output_tokens"] == 10, chunks

        async def collect():
            return [chunk async for chunk in model.astream("Hi")]

        assert joined(LOOP.run_until_complete(collect())).text == "Hello there."

    @check(f"{family}: {name}: tools")
    def _():
        armed = model.bind_tools([get_weather])
        for first in (armed.invoke(QUESTION), joined(list(armed.stream(QUESTION)))):
            assert armed.invoke(answered(armed, first)).text == FOUND

    @check(f"{family}: {name}: structured output")
    def _():
        assert model.with_structured_output(City, method="json_schema").invoke("Hi") == CITY
        assert model.with_structured_output(City, method="function_calling").invoke("Hi") == CITY

    @check(f"{family}: {name}: thoughts")
    def _():
        armed = make(f"{family}-plain", **thinking).bind_tools([get_weather])
        for first in (armed.invoke(QUESTION), joined(list(armed.stream(QUESTION)))):
            if name != "ChatOpenAI, chat":  # which has no place for thoughts
                thoughts = [block for block in first.content_blocks if block["type"] == "reasoning"]
                assert thoughts[0]["reasoning"] == THOUGHT, first
                assert family != "anthropic" or name != "ChatAnthropic" or SEAL in str(first), first
            assert armed.invoke(answered(armed, first)).text == FOUND

    @check(f"{family}: {name}: errors")
    def _():
        try:
            make(f"{family}-throttled").invoke("Hi")
        except limited as raised:
            assert raised.response.headers["retry-after"] == "7", raised.response.headers
        else:
            raise AssertionError("nothing was raised")


for family in FAMILIES:
    for name, (make, thinking, limited) in CLIENTS.items():
        tries(name, make, thinking, limited, family)


@check("OpenAIEmbeddings")
def _():
    options = {"base_url": f"{BASE}/v1", "api_key": "sk-caller", "check_embedding_ctx_length": False}
    embeddings = OpenAIEmbeddings(model="openai-plain", **options)
    assert embeddings.embed_documents(["a", "bc"]) == [[0.0, 0.25], [1.0, 0.5]]
