"""Recordings as clients send them, made into what models listen to.

Whatever is sent is decoded by FFmpeg, in processes of their own: a hostile file can end one of those, nothing else.
To accept one more format: its first bytes in `sniff`, its codecs in `program`.
"""
