"""The official `openai` and `anthropic` packages, in front of what the providers really say.

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
