"""Speaks the tensors of Triton's vLLM backend: says what it was told, word by word."""

import json

import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            self.answer(request, request.get_response_sender())

    def answer(self, request, sender):
        told = {name: tensor_of(request, name) for name in ("text_input", "sampling_parameters", "stream")}
        text, sampling = told["text_input"].decode(), json.loads(told["sampling_parameters"])
        words = [*text.split(), json.dumps(sampling, sort_keys=True)]
        kept = words[: sampling["max_tokens"]]
        for number, word in enumerate(kept, 1):
            last = number == len(kept)
            reason = ("stop" if len(kept) == len(words) else "length") if last else "None"
            sender.send(response(word + " ", reason, len(text.split()), 1))
        sender.send(flags=pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def tensor_of(request, name):
    return pb.get_input_tensor_by_name(request, name).as_numpy().reshape(-1)[0]


def response(text, reason, read, written):
    tensors = [
        pb.Tensor("text_output", np.array([text.encode()], dtype=np.object_)),
        pb.Tensor("finish_reason", np.array([reason.encode()], dtype=np.object_)),
        pb.Tensor("num_input_tokens", np.array([read], dtype=np.uint32)),
        pb.Tensor("num_output_tokens", np.array([written], dtype=np.uint32)),
    ]
    return pb.InferenceResponse(output_tensors=tensors)
