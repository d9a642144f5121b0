"""An application that talks to AISIX with the official anthropic package.

The only difference from talking to the provider is the base URL and the key: the caller's key of
the gateway, not the provider's. The model may be anybody's. Usage: python anthropic_messages.py MODEL
"""

import os
import sys

from anthropic import Anthropic

model = sys.argv[1]
client = Anthropic(api_key=os.environ["AISIX_API_KEY"])  # ANTHROPIC_BASE_URL names the gateway

print("models:", ", ".join(found.id for found in client.models.list()))

question = [{"role": "user", "content": "Say hello."}]
answer = client.messages.create(model=model, max_tokens=256, messages=question)
print("answer:", "".join(block.text for block in answer.content if block.type == "text"))

print("stream: ", end="")
with client.messages.stream(model=model, max_tokens=256, messages=question) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
