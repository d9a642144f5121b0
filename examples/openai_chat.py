"""An application that talks to AISIX with the official openai package.

The only difference from talking to the provider is the base URL and the key: the caller's key of
the gateway, not the provider's. Usage: python openai_chat.py MODEL
"""

import os
import sys

from openai import OpenAI

model = sys.argv[1]
client = OpenAI(api_key=os.environ["AISIX_API_KEY"])  # OPENAI_BASE_URL names the gateway

print("models:", ", ".join(found.id for found in client.models.list()))

question = [{"role": "user", "content": "Say hello."}]
answer = client.chat.completions.create(model=model, messages=question)
print("answer:", answer.choices[0].message.content)

print("stream: ", end="")
for chunk in client.chat.completions.create(model=model, messages=question, stream=True):
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
