"""Speaks the tensors of TensorRT-LLM's backend: says what it was told, word by word, and nothing of how it ended."""

import numpy as np
import triton_python_backend_utils as pb

OPTIONAL = ("stop_words", "temperature", "top_k", "random_seed")


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            self.answer(request, request.get_response_sender())

    def answer(self, request, sender):
        told = {name: found(request, name) for name in OPTIONAL}
        text = found(request, "text_input")[0].decode()
        words = [*text.split(), *(f"{name}={values}" for name, values in told.items() if values is not None)]
        for word in words[: found(request, "max_tokens")[0]]:
            tensor = pb.Tensor("text_output", np.array([[(word + " ").encode()]], dtype=np.object_))
            sender.send(pb.InferenceResponse(output_tensors=[tensor]))
        sender.send(flags=pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def found(request, name):
    tensor = pb.get_input_tensor_by_name(request, name)
    return None if tensor is None else tensor.as_numpy().reshape(-1).tolist()
