"""``/v1/audio/transcriptions`` and ``/v1/audio/translations``, as OpenAI's clients ask and as PolarGrid's own do.

OpenAI's put everything into the form; parameters in the query are PolarGrid's way, and with it come jobs (`jobs`).
A request is read (`forms`, `shapes`), its file decoded (`node_agent.audio`), a minute at a time heard
(`listening`), and told (`answers`, `subtitles`).
"""
