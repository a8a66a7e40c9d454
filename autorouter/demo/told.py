"""What to try with a demo that runs."""

from shutil import which

from autorouter.demo.machine import ROOMY_MB
from autorouter.demo.parts import BIN, CHAT, Demo


def lines_to_try(demo: Demo) -> str:
    """What to do with it now."""
    base = f"http://127.0.0.1:{demo.port}"
    pid = next(part.process.pid for part in demo.parts if part.name == "yto-01")
    model = CHAT
    return f"""
Ready. You are in Toronto, as far as this demo goes. In another terminal, where to go, and why:

  R={base}
  curl -s $R/v1/route
  {_command()} explain --router $R
  curl -s "$R/v1/route" -H 'X-Forwarded-For: 203.0.113.7'      # as a client in Vancouver, or with your own address
  curl -s "$R/v1/route?residency=US"                           # nothing may answer that: every reason

… and a chat, which the router sends on to the chosen node:

  curl -sNL $R/v1/chat/completions -H 'Content-Type: application/json' -d '{{
    "model": "{model}", "stream": true,
    "messages": [{{"role": "user", "content": "Name three rivers."}}]}}'

{_voice(demo)}Any client of OpenAI's does, with OPENAI_BASE_URL=$R/v1 and OPENAI_API_KEY=-. With one line more it
asks the router but once a minute, and a region that fails costs it nothing; in {BIN / "python"}:

  import openai, autorouter.client
  client = openai.OpenAI(http_client=autorouter.client.http_client("{base}"), api_key="-")
  said = [{{"role": "user", "content": "Name three rivers."}}]
  for part in client.chat.completions.create(model="{model}", messages=said, stream=True):
      print(part.choices[0].delta.content or "", end="", flush=True)

Kill Toronto and watch the route move:

  kill -9 {pid}; sleep 3; {_command()} explain --router $R

The model is real and small: it writes English, not wisdom. Its Triton is older than the security floor (26.06), so it
is the agents' own child and listens where only they can reach it (--allow-unpatched-triton). Ctrl-C ends everything.
"""


def _command() -> str:
    """What to type for this program: its name where a shell finds it."""
    return "autorouter" if which("autorouter") else str(BIN / "autorouter")


def _voice(demo: Demo) -> str:
    """What to try if there is memory for it."""
    if len(demo.models) == 1:
        return f"(For speech, {ROOMY_MB} MB of free memory are needed.)\n\n"
    return """… and speech, there and back:

  curl -sL $R/v1/audio/speech -H 'Content-Type: application/json' -o said.wav -d '{
    "model": "kokoro-82m", "voice": "af_heart", "response_format": "wav",
    "input": "The nearest healthy region is Toronto."}'
  curl -sL $R/v1/audio/transcriptions -F model=whisper-tiny.en -F file=@said.wav

"""
