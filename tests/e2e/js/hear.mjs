// OpenAI's own JavaScript client and a recording: prints one JSON line of what it got, or of the error it threw.
import fs from "node:fs";
import OpenAI from "openai";

const [node, model, path, mode] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${node}/v1`, apiKey: "-", maxRetries: 0 });
const ask = (more) => client.audio.transcriptions.create({ file: fs.createReadStream(path), model, ...more });

async function whole() {
  const { text, usage } = await ask({});
  return { text, usage };
}

async function verbose() {
  const told = await ask({ response_format: "verbose_json", timestamp_granularities: ["word", "segment"] });
  return { text: told.text, words: told.words.length, segments: told.segments.length, duration: told.duration };
}

async function srt() {
  return { text: await ask({ response_format: "srt" }) };
}

async function stream() {
  let [text, done, count] = ["", null, 0];
  for await (const event of await ask({ stream: true })) {
    if (event.type === "transcript.text.delta") [text, count] = [text + event.delta, count + 1];
    else done = event.text;
  }
  return { text, done, count };
}

async function translation() {
  const { text } = await client.audio.translations.create({ file: fs.createReadStream(path), model });
  return { text };
}

try {
  console.log(JSON.stringify(await { whole, verbose, srt, stream, translation }[mode]()));
} catch (error) {
  console.log(JSON.stringify({ error: error.constructor.name, status: error.status, code: error.code }));
}
