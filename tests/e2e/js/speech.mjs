// OpenAI's own JavaScript client against a node that speaks: prints one JSON line of what it got, or of the error it threw.
import OpenAI from "openai";

const [node, mode] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${node}/v1`, apiKey: "-", maxRetries: 0 });
const asked = { model: "espeak-ng", input: "One region. Two regions.", voice: "alloy" };

async function whole() {
  const answer = await client.audio.speech.create({ ...asked, response_format: "wav" });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { type: answer.headers.get("content-type"), bytes: bytes.length, riff: bytes.toString("latin1", 0, 4) };
}

async function events() {
  const answer = await client.audio.speech.create({ ...asked, response_format: "pcm", stream_format: "sse" });
  const told = (await answer.text()).split("\n\n").filter(Boolean).map((each) => JSON.parse(each.slice(6)));
  const done = told.pop();
  const bytes = told.reduce((sum, each) => sum + Buffer.from(each.audio, "base64").length, 0);
  return { types: [...new Set(told.map((each) => each.type))], bytes, done };
}

async function wrong() {
  return client.audio.speech.create({ ...asked, voice: "nobody" });
}

async function places() {
  const answer = await client.embeddings.create({ model: "all-minilm-l6-v2", input: ["sun", "moon"] });
  return { sizes: answer.data.map((each) => each.embedding.length), usage: answer.usage };
}

try {
  console.log(JSON.stringify(await { whole, events, wrong, places }[mode]()));
} catch (error) {
  console.log(JSON.stringify({ error: error.constructor.name, status: error.status, code: error.code, param: error.param }));
}
