"""``autorouter doctor``: what is wrong with a router's surroundings, each in a sentence, with what to do about it.

It looks at what `serve` would be given, whether or not a router runs, and changes nothing. A check is a function from
a `Case` to findings; to add one: write it in the file of its theme, and a line in `checks.CHECKS`. What is probed is
apart from what is made of it: verdicts are pure functions. A check never hangs (`running`) and never raises.
"""
