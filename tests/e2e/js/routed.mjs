// OpenAI's own clients, two generations in turn, through the JavaScript client: one JSON line per call, until stdin ends.
import { setTimeout as sleep } from "node:timers/promises";
import { autorouter } from "autorouter-client";
import Six from "openai";
import Seven from "openai-7";

const [router, model, asked] = process.argv.slice(2);
const fetch = autorouter(router, JSON.parse(asked ?? "{}"));
const clients = [Six, Seven].map((OpenAI) => new OpenAI({ fetch, apiKey: "-", maxRetries: 0 }));
const messages = [{ role: "user", content: "one two three" }];

async function call(client, stream) {
  const began = performance.now();
  try {
    const { data, response } = await client.chat.completions.create({ model, messages, stream }).withResponse();
    let text = stream ? "" : data.choices[0].message.content;
    if (stream) for await (const part of data) text += part.choices[0]?.delta?.content ?? "";
    const [region, attempts] = ["region", "attempts"].map((name) => response.headers.get(`x-autorouter-${name}`));
    return { text, region, attempts: Number(attempts), ms: performance.now() - began };
  } catch (error) {
    return { error: error.constructor.name, message: error.message, code: error.code };
  }
}

let open = true;
process.stdin.on("end", () => (open = false)).resume();
for (let number = 0; open; number++) {
  console.log(JSON.stringify(await call(clients[number % 2], number % 4 < 2)));
  await sleep(20);
}
