"""Sound as files have it, in and out: adapters of the edge, over the codecs of FFmpeg that come with PyAV.

What clients send is decoded in processes of their own: a hostile file can end one of those, nothing else. To accept
one more format: its first bytes in `sniff`, its codecs in `program`; to offer one: a line in `encoding`.
"""
