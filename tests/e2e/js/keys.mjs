// OpenAI's own JavaScript client with one key: prints "served", or the error that it threw.
import OpenAI from "openai";

const [baseURL, apiKey, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
try {
  await client.chat.completions.create({ model, messages: [{ role: "user", content: "one" }] });
  console.log("served");
} catch (error) {
  console.log(error.constructor.name, error.status, error.code);
}
