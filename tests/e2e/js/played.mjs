// Nodes and routers that are played: each test has its own, on free ports of 127.0.0.1, gone with the test.
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";

const listening = (server) => new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(urlOf(server))));
const urlOf = (server) => `http://127.0.0.1:${server.address().port}`;

async function serve(t, handle) {
  const server = http.createServer(async (request, response) => {
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
      await handle(request, response, Buffer.concat(parts));
    } catch {
      response.destroy(); // the client has left
    }
  });
  const url = await listening(server);
  const close = () => (server.close(), server.closeAllConnections());
  t.after(close);
  return { url, close };
}

const json = (response, body, status = 200, headers = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

export const problem = (status, headers) => (response) =>
  json(response, { code: `told_${status}`, error: { message: "no", type: "x", code: `told_${status}` } }, status, headers);

/** A node that answers everything with *behave*, and keeps what it was asked; `livez` is answered at once. */
export async function node(t, behave = answers) {
  const played = { asked: [], behave };
  const served = await serve(t, async (request, response, body) => {
    if (request.url === "/livez") return response.end("ok\n");
    played.asked.push({ method: request.method, url: request.url, headers: request.headers, body });
    await played.behave(response, body, request);
  });
  return Object.assign(played, served);
}

/** A node that takes connections and says nothing: neither to requests nor to `livez`. */
export async function hungNode(t) {
  const sockets = new Set();
  const server = net.createServer((socket) => void sockets.add(socket.on("error", () => {}).resume()));
  const url = await listening(server);
  t.after(() => (server.close(), sockets.forEach((each) => each.destroy())));
  return { url };
}

/** An address at which nobody listens. */
export async function deadNode() {
  const server = net.createServer();
  const url = await listening(server);
  await new Promise((closed) => server.close(closed));
  return { url };
}

export const answers = (response, body) => json(response, { choices: [{ message: { content: `${body.length}` } }], text: "heard" });
export const resets = (response) => response.socket.resetAndDestroy();
export const after = (ms, behave) => async (...all) => {
  await new Promise((over) => setTimeout(over, ms));
  return behave(...all);
};

export const chunk = (text) => `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;
export const begins = (response, ...texts) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const text of texts) response.write(chunk(text));
};

/** A router that sends everyone to *nodes* in this order: regions a, b, c, … but those left out. */
export async function router(t, nodes, { ttl = 60, meanwhile = 30, ifError = 3600, ...more } = {}) {
  const played = { asked: [], behave: undefined, probe: undefined };
  const served = await serve(t, async (request, response) => {
    const { searchParams } = new URL(request.url, "http://router");
    played.asked.push({ ...Object.fromEntries(searchParams), tag: request.headers["if-none-match"] });
    if (played.behave) return played.behave(response);
    const out = searchParams.get("exclude")?.split(",") ?? [];
    const places = nodes
      .map(({ url }, number) => ({ region: String.fromCharCode(97 + number), endpoint: url, rtt_ms: 1 + number }))
      .filter(({ region }) => !out.includes(region));
    if (!places.length) return problem(503)(response);
    const [first, ...alternates] = places;
    const tag = `"${places.map(({ region }) => region).join("")}"`;
    const fresh = `private, max-age=${ttl}, stale-while-revalidate=${meanwhile}, stale-if-error=${ifError}`;
    const headers = { etag: tag, "cache-control": fresh };
    if (request.headers["if-none-match"] === tag) return response.writeHead(304, headers).end();
    const probe = played.probe;
    json(response, { ...first, name: "A", ttl, alternates: alternates.slice(0, 3), ...(probe && { probe }), ...more }, 200, headers);
  });
  return Object.assign(played, served);
}

export const asked = { model: "m", messages: [{ role: "user", content: "x" }] };
export const BUSY = { "retry-after-ms": "60000", "retry-after": "60", "x-should-retry": "false" };

/** Who served, as the answer says. */
export function told({ headers }) {
  const [region, attempts, reason] = ["region", "attempts", "reason"].map((name) => headers.get(`x-autorouter-${name}`));
  return { region, attempts, reason };
}

export async function until(claim) {
  for (let left = 200; !claim(); left--) {
    assert.ok(left, "waited for 4 s");
    await new Promise((over) => setTimeout(over, 20));
  }
}
