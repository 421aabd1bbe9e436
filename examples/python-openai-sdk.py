"""Use the gateway through the official OpenAI SDK for Python.

Run it while `npm run demo` or `npm start` is running:  pip install openai && python examples/python-openai-sdk.py
"""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"),
    api_key=os.environ.get("OPENAI_API_KEY", "local"),
)

stream = client.chat.completions.create(
    model="claude-sonnet-4.5",
    messages=[{"role": "user", "content": "In one sentence: what is a dragoman?"}],
    stream=True,
    stream_options={"include_usage": True},
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
    if chunk.usage:
        print(f"\n— {chunk.usage.prompt_tokens} tokens in, {chunk.usage.completion_tokens} out")
