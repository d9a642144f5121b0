"""The official `openai` and `anthropic` packages, each in front of either family of upstreams.

Prints one PASS line for each thing that works. What is streamed must say what the whole answer
says, whichever format was translated into which.
"""

import os

import anthropic
import openai

BASE = os.environ["GATEWAY_BASE"]
OPENAI = openai.OpenAI(base_url=f"{BASE}/v1", api_key="sk-caller", max_retries=0)
ANTHROPIC = anthropic.Anthropic(base_url=BASE, api_key="sk-caller", max_retries=0)
HI = [{"role": "user", "content": "Hi"}]
MODELS = ["o-text", "o-tools", "a-text", "a-parallel_tools"]


def chat(answer):
    message = answer.choices[0].message
    calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or []]
    return (message.content or "", calls, answer.choices[0].finish_reason)


def response(answer):
    calls = [(it.name, it.arguments) for it in answer.output if it.type == "function_call"]
    return (answer.output_text, calls, answer.status)


def message(answer):
    text = "".join(block.text for block in answer.content if block.type == "text")
    calls = [(block.name, block.input) for block in answer.content if block.type == "tool_use"]
    return (text, calls, answer.stop_reason)


def same(name, whole, streamed):
    assert whole == streamed, (name, whole, streamed)
    assert whole[0] or whole[1], (name, whole)
    assert bool(whole[1]) == ("tools" in name), (name, whole)
    print("PASS", name, flush=True)


for model in MODELS:
    whole = OPENAI.chat.completions.create(model=model, messages=HI)
    assert whole.model == model, whole
    assert whole.usage.total_tokens > 0, whole
    with OPENAI.chat.completions.stream(model=model, messages=HI) as stream:
        streamed = stream.get_final_completion()
    same(f"chat {model}", chat(whole), chat(streamed))

for model in MODELS:
    whole = OPENAI.responses.create(model=model, input="Hi")
    assert whole.model == model, whole
    assert whole.usage.total_tokens > 0, whole
    with OPENAI.responses.stream(model=model, input="Hi") as stream:
        streamed = stream.get_final_response()
    same(f"responses {model}", response(whole), response(streamed))

for model in MODELS:
    whole = ANTHROPIC.messages.create(model=model, max_tokens=64, messages=HI)
    assert whole.model == model, whole
    assert whole.usage.output_tokens > 0, whole
    with ANTHROPIC.messages.stream(model=model, max_tokens=64, messages=HI) as stream:
        streamed = stream.get_final_message()
    same(f"messages {model}", message(whole), message(streamed))

thought = ANTHROPIC.messages.create(
    model="a-thinking",
    max_tokens=2048,
    thinking={"type": "enabled", "budget_tokens": 1024},
    messages=HI,
)
assert thought.content[0].type == "thinking" and thought.content[0].signature, thought
print("PASS thinking", flush=True)

count = ANTHROPIC.messages.count_tokens(model="a-text", messages=HI)
assert count.input_tokens == 7, count
print("PASS count_tokens", flush=True)

vectors = OPENAI.embeddings.create(model="o-text", input=["a", "b"], encoding_format="float")
assert [vector.embedding for vector in vectors.data] == [[0.5, 1.0], [0.25, 0.0]], vectors
print("PASS embeddings", flush=True)

try:
    ANTHROPIC.messages.create(model="no-such-model", max_tokens=64, messages=HI)
except anthropic.NotFoundError as raised:
    assert raised.status_code == 404, raised
    assert raised.body["error"]["type"] == "not_found_error", raised.body
    print("PASS 404", flush=True)

try:
    anthropic.Anthropic(base_url=BASE, api_key="sk-nobody", max_retries=0).messages.create(
        model="a-text", max_tokens=64, messages=HI
    )
except anthropic.AuthenticationError as raised:
    assert raised.body["error"]["type"] == "authentication_error", raised.body
    print("PASS 401", flush=True)
