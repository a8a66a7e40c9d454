"""The HTTP edge: OpenAI's shapes in and out, bad input refused by name, every error in one shape.

To add an endpoint: a file with its handlers here, an entry in `operations`, a line in `application`.
"""
