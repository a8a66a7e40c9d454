"""Sound as files have it, in and out: adapters of the edge, over the codecs of FFmpeg that come with PyAV."""
