// OpenAI's own JavaScript client with nothing set but its environment: prints one JSON line of all that it got.
import fs from "node:fs";
import OpenAI, { toFile } from "openai";

const [recording] = process.argv.slice(2);
const client = new OpenAI();
const [CHAT, EMBEDDING, SPEECH, HEARING] = ["smollm2-135m-instruct", "all-minilm-l6-v2", "tts-1", "whisper-1"];
const messages = [{ role: "user", content: "one two three" }];
const file = () => fs.createReadStream(recording);
const bytes = fs.readFileSync(recording);

// A form with a length: what Node's fetch would send on under another boundary than it names.
async function uploads() {
  const files = [await toFile(bytes, "said.wav"), new File([bytes], "said.wav")];
  const told = files.map((file) => client.audio.transcriptions.create({ model: HEARING, file }, { maxRetries: 0 }));
  return [...(await Promise.all(told)).map((each) => each.text), await plain()];
}

async function plain() {
  const body = new FormData();
  body.append("model", HEARING);
  body.append("file", new File([bytes], "said.wav"));
  const headers = { authorization: `Bearer ${client.apiKey}` };
  const answer = await fetch(`${client.baseURL}/audio/transcriptions`, { method: "POST", body, headers });
  return (await answer.json()).text;
}

async function stream() {
  let text = "";
  for await (const part of await client.chat.completions.create({ model: CHAT, messages, stream: true })) {
    text += part.choices[0]?.delta?.content ?? "";
  }
  return text;
}

async function pieces() {
  let text = "";
  for await (const event of await client.audio.transcriptions.create({ model: HEARING, file: file(), stream: true })) {
    if (event.type === "transcript.text.delta") text += event.delta;
  }
  return text;
}

async function refusal(asking, model) {
  try {
    await asking.chat.completions.create({ model, messages });
  } catch (error) {
    return [error.constructor.name, error.code];
  }
}

const speech = { model: SPEECH, voice: "alloy", input: "a b", response_format: "pcm" };
console.log(JSON.stringify({
  version: "js",
  chat: (await client.chat.completions.create({ model: CHAT, messages })).choices[0].message.content,
  stream: await stream(),
  completion: (await client.completions.create({ model: CHAT, prompt: "four five" })).choices[0].text,
  embedding: (await client.embeddings.create({ model: EMBEDDING, input: "six" })).data[0].embedding,
  speech: (await (await client.audio.speech.create(speech)).arrayBuffer()).byteLength,
  heard: (await client.audio.transcriptions.create({ model: HEARING, file: file() })).text,
  translated: (await client.audio.translations.create({ model: HEARING, file: file() })).text,
  "heard by pieces": await pieces(),
  uploaded: await uploads(),
  refused: [await refusal(client, "gpt-9"), await refusal(new OpenAI({ apiKey: "pg_wrong" }), CHAT)],
}));
