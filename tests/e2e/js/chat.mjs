// OpenAI's own JavaScript client through route → node: prints one JSON line of what it got, or of the error it threw.
import OpenAI from "openai";

const [router, model, mode] = process.argv.slice(2);
const route = await (await fetch(`${router}/v1/route`)).json();
const client = new OpenAI({ baseURL: `${route.endpoint}/v1`, apiKey: "-", maxRetries: 0 });
const messages = [{ role: "user", content: "Name three rivers." }];

async function whole() {
  const answer = await client.chat.completions.create({ model, messages, max_tokens: 12, temperature: 0 });
  return { text: answer.choices[0].message.content, usage: answer.usage, finish: answer.choices[0].finish_reason };
}

async function stream() {
  const parts = await client.chat.completions.create({
    model, messages, max_tokens: 12, temperature: 0, stream: true, stream_options: { include_usage: true },
  });
  let [text, usage, count] = ["", null, 0];
  for await (const part of parts) {
    text += part.choices[0]?.delta?.content ?? "";
    usage = part.usage ?? usage;
    count += 1;
  }
  return { text, usage, count };
}

async function turns() {
  const said = [{ role: "system", content: "You are a helpful assistant." }, ...messages];
  const first = await client.chat.completions.create({ model, messages: said, max_tokens: 8 });
  said.push(first.choices[0].message, { role: "user", content: "And one more?" });
  const second = await client.chat.completions.create({ model, messages: said, max_tokens: 8 });
  return { text: second.choices[0].message.content };
}

async function models() {
  const list = [];
  for await (const each of await client.models.list()) list.push(each.id);
  return { models: list };
}

try {
  console.log(JSON.stringify({ region: route.region, ...(await { whole, stream, turns, models }[mode]()) }));
} catch (error) {
  console.log(JSON.stringify({ error: error.constructor.name, status: error.status, code: error.code }));
}
