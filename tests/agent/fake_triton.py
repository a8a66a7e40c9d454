"""A Triton of Triton's own protocol that answers as a test wants it to: what no real one can be made to say."""

import asyncio
from contextlib import asynccontextmanager

import grpc
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc


class FakeTriton(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Holds one model; *answers* are its next answers, the last of them for ever; none: silence."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.address = ""
        self.asked = []
        """Names of the calls so far, health aside."""

    async def ServerLive(self, _request, _context):  # noqa: N802 - the protocol's name
        return pb.ServerLiveResponse(live=True)

    async def ServerMetadata(self, _request, _context):  # noqa: N802 - the protocol's name
        return pb.ServerMetadataResponse(name="triton", version="2.75.0")

    async def ModelReady(self, _request, _context):  # noqa: N802 - the protocol's name
        return pb.ModelReadyResponse(ready=True)

    async def RepositoryModelLoad(self, _request, _context):  # noqa: N802 - the protocol's name
        self.asked.append("load")
        return pb.RepositoryModelLoadResponse()

    async def RepositoryModelUnload(self, _request, _context):  # noqa: N802 - the protocol's name
        self.asked.append("unload")
        return pb.RepositoryModelUnloadResponse()

    async def ModelStreamInfer(self, _requests, _context):  # noqa: N802 - the protocol's name
        self.asked.append("infer")
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        yield pb.ModelStreamInferResponse(infer_response=answer)


def answer(raw=b"", *, name="piece", datatype="BYTES", shape=(1,)):
    """One answer with one tensor; *raw* is its content as Triton writes it."""
    tensor = pb.ModelInferResponse.InferOutputTensor(name=name, datatype=datatype, shape=shape)
    return pb.ModelInferResponse(model_name="m", outputs=[tensor], raw_output_contents=[raw])


def text(content):
    """A string as Triton writes it: its length, then itself."""
    return len(content).to_bytes(4, "little") + content


@asynccontextmanager
async def listening(triton):
    """*triton* on a free port for the length of the block."""
    server = grpc.aio.server()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(triton, server)
    triton.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield triton
    finally:
        await server.stop(None)
