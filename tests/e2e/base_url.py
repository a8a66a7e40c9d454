"""OpenAI's own Python client with nothing set but its environment: prints one JSON line of all that it got.

A program of its own, so that both generations of the client can run it.
"""

import json
import sys

import openai

CHAT, EMBEDDING, SPEECH, HEARING = "smollm2-135m-instruct", "all-minilm-l6-v2", "tts-1", "whisper-1"


def main(recording):
    client = openai.OpenAI()
    messages = [{"role": "user", "content": "one two three"}]
    parts = client.chat.completions.create(model=CHAT, messages=messages, stream=True)
    told = {
        "version": openai.__version__.partition(".")[0],
        "chat": client.chat.completions.create(model=CHAT, messages=messages).choices[0].message.content,
        "stream": "".join(part.choices[0].delta.content or "" for part in parts if part.choices),
        "completion": client.completions.create(model=CHAT, prompt="four five").choices[0].text,
        "embedding": client.embeddings.create(model=EMBEDDING, input="six").data[0].embedding,
        "speech": len(
            client.audio.speech.create(model=SPEECH, voice="alloy", input="a b", response_format="pcm").content
        ),
    }
    with open(recording, "rb") as file:  # noqa: PTH123 - as everybody's example has it
        told["heard"] = client.audio.transcriptions.create(model=HEARING, file=file).text
    with open(recording, "rb") as file:  # noqa: PTH123
        told["translated"] = client.audio.translations.create(model=HEARING, file=file).text
    with open(recording, "rb") as file:  # noqa: PTH123
        events = client.audio.transcriptions.create(model=HEARING, file=file, stream=True)
        told["heard by pieces"] = "".join(e.delta for e in events if e.type == "transcript.text.delta")
    told["refused"] = [refusal(client, "gpt-9"), refusal(openai.OpenAI(api_key="pg_wrong"), CHAT)]
    print(json.dumps(told))


def refusal(client, model):
    try:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}])
    except openai.APIStatusError as exc:
        return [type(exc).__name__, exc.code]


if __name__ == "__main__":
    main(*sys.argv[1:])
