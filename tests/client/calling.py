"""A program of OpenAI's client, whichever generation is on the path: what its calls came to, a line of JSON each.

    calling.py ROUTER MODEL [sync|async]

Calls as often as lines come in, and ends with them.
"""

import asyncio
import json
import sys
import time

import openai

from autorouter import client

MESSAGES = [{"role": "user", "content": "one two three"}]


def line(began, answer):
    return {
        "openai": openai.__version__,
        "ms": round((time.monotonic() - began) * 1000),
        "region": answer.headers["x-autorouter-region"],
        "attempts": int(answer.headers["x-autorouter-attempts"]),
        "reason": answer.headers["x-autorouter-reason"],
        "text": answer.parse().choices[0].message.content,
    }


def blocking(router, model):
    with client.http_client(router) as http:
        sdk = openai.OpenAI(api_key="-", http_client=http)
        for _ in sys.stdin:
            began = time.monotonic()
            answer = sdk.chat.completions.with_raw_response.create(model=model, messages=MESSAGES)
            print(json.dumps(line(began, answer)), flush=True)
        parts = sdk.chat.completions.create(model=model, messages=MESSAGES, stream=True)
        print(json.dumps("".join(part.choices[0].delta.content or "" for part in parts if part.choices)), flush=True)


async def awaiting(router, model):
    async with client.async_http_client(router) as http:
        sdk = openai.AsyncOpenAI(api_key="-", http_client=http)
        while await asyncio.to_thread(sys.stdin.readline):
            began = time.monotonic()
            answer = await sdk.chat.completions.with_raw_response.create(model=model, messages=MESSAGES)
            print(json.dumps(line(began, answer)), flush=True)
        parts = await sdk.chat.completions.create(model=model, messages=MESSAGES, stream=True)
        said = [part.choices[0].delta.content or "" async for part in parts if part.choices]
        print(json.dumps("".join(said)), flush=True)


if __name__ == "__main__":
    if sys.argv[3:] == ["async"]:
        asyncio.run(awaiting(*sys.argv[1:3]))
    else:
        blocking(*sys.argv[1:3])
