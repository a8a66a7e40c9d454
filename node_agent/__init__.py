"""The agent on every node: OpenAI's API in front of a Triton Inference Server."""
