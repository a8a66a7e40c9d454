// What a program in TypeScript may write, and may not: compiled by a test, never run.
import OpenAI from "openai";
import Seven from "openai-7";
import { autorouter, type Fetch, resolve, type Route, RouterError } from "autorouter-client";

const send: Fetch = autorouter("https://router.example", { residency: ["CA", "US"], log: (line) => console.log(line.length) });
export const clients = [new OpenAI({ fetch: send, apiKey: "k" }), new Seven({ fetch: send, apiKey: "k" })];
export const plain: typeof fetch = send;

export async function socket(): Promise<string | undefined> {
  try {
    const route: Route = await resolve("https://router.example", { model: ["a", "b"], exclude: "yto-01" });
    return route.alternates[0]?.endpoint ?? route.endpoint;
  } catch (error) {
    if (error instanceof RouterError) return error.code;
    throw error;
  }
}

// @ts-expect-error: a typo is loud
autorouter("https://router.example", { residncy: "CA" });
// @ts-expect-error: what a call is for is in its body
autorouter("https://router.example", { model: "m" });
// @ts-expect-error: the router's address is needed
autorouter();
