# ruff: noqa: INP001 - Triton dictates the path <model>/<version>/model.py, which no package name can follow
"""Embeddings by a BERT of sentence-transformers' kind, as Triton's Python backend runs it.

Runs in a process of its own that Triton starts; imports nothing of the agent. In comes the BYTES tensor
``prompt``: a JSON object with *texts*. Out goes, per few texts, ``piece``: a JSON object with *vectors*, in the order
of the texts, and *usage* (null but in the last one: *prompt_tokens*). That is the contract of the kind ``embedding``.
"""

import json
import pathlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from backend import Refused, answering, begin, content, send
from bert import Bert
from safetensors.numpy import load_file
from tokenizers import Tokenizer

MOST_TEXTS = 16
MOST_TOKENS = 1024
"""At once, padding counted: about half a second of work, between two looks at whether the client is still there."""


class TritonPythonModel:
    """What Triton calls. Every request gets a thread, as many at once as the model has slots."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model. A failure here becomes the reason that Triton gives for the failed load."""
        option = begin(args)
        self._encoder = Encoder(pathlib.Path(option["files"]), int(option["heads"]), int(option["longest"]))
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(max_workers=int(option["slots"]), thread_name_prefix="embedding")

    def execute(self, requests: list[Any]) -> None:
        """Hand each request to a thread; vectors leave through its response sender."""
        for request in requests:
            asked = json.loads(content(request, "prompt"))
            self._threads.submit(Placing(request.get_response_sender(), self._closing).run, self._encoder, asked)

    def finalize(self) -> None:
        """Stop what still works and wait for it: a thread that outlives the process's end crashes it."""
        self._closing.set()
        self._threads.shutdown(wait=True)


class Encoder:
    """The tokenizer and the network."""

    def __init__(self, files: pathlib.Path, heads: int, longest: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(files / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._bert = Bert(load_file(str(files / "model.safetensors")), heads)
        self._longest = longest

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Each text's tokens. One too long for the model is refused: its end would count for nothing."""
        found = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        for number, ids in enumerate(found):
            if len(ids) > self._longest:
                raise Refused(f"text {number} has {len(ids)} tokens, the model takes {self._longest}", "context")
        return found

    def vectors(self, tokens: Sequence[list[int]]) -> Any:  # noqa: ANN401 - a numpy array, (texts, width)
        """Their places."""
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids, dtype=bool)
        for number, each in enumerate(tokens):
            ids[number, : len(each)] = each
            mask[number, : len(each)] = True
        return self._bert.embed(ids, mask)


class Placing:
    """One request on its way out."""

    def __init__(self, sender: Any, closing: threading.Event) -> None:  # noqa: ANN401 - Triton ships no types
        self._sender = sender
        self._closing = closing

    def run(self, encoder: Encoder, asked: dict[str, Any]) -> None:
        """Place all texts, unless the client or the end of this process ends it."""
        with answering(self._sender):
            self._place(encoder, encoder.tokens(asked["texts"]))

    def _place(self, encoder: Encoder, tokens: list[list[int]]) -> None:
        for few in batches(tokens):
            if self._closing.is_set() or self._sender.is_cancelled():
                return
            send(self._sender, {"vectors": encoder.vectors(few).tolist(), "usage": None})
        send(self._sender, {"vectors": [], "usage": {"prompt_tokens": sum(map(len, tokens))}})


def batches(tokens: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """*tokens* in order, a few at a time."""
    few: list[list[int]] = []
    for each in tokens:
        widest = max(map(len, [*few, each]))
        if few and (len(few) == MOST_TEXTS or widest * (len(few) + 1) > MOST_TOKENS):
            yield few
            few = []
        few.append(each)
    if few:
        yield few
