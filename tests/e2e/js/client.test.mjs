// The client for JavaScript under OpenAI's own, two generations of it, against nodes and routers that are played.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { autorouter } from "autorouter-client";
import Six, { toFile } from "openai";
import Seven from "openai-7";
import { after, answers, asked, begins, BUSY, chunk, deadNode, hungNode, node, problem, resets, router, told, until } from "./played.mjs";

function clientOf(OpenAI, { url }, more) {
  return new OpenAI({ fetch: autorouter(url, { log: () => {} }), apiKey: "k", maxRetries: 0, ...more });
}

const chat = (client, more) => client.chat.completions.create({ ...asked, ...more }).withResponse();

const suite = (OpenAI) => () => {
  test("a chat goes to the first choice, and the answer says so", async (t) => {
    const [a, b] = [await node(t), await node(t)];
    const way = await router(t, [a, b]);
    const { data, response } = await chat(clientOf(OpenAI, way));
    assert.equal(data.choices[0].message.content, `${JSON.stringify(asked).length}`);
    assert.deepEqual(told(response), { region: "a", attempts: "1", reason: "first choice" });
    assert.equal(response.url, `${a.url}/v1/chat/completions`);
    assert.equal(a.asked[0].headers.authorization, "Bearer k");
    assert.deepEqual(way.asked, [{ model: "m", tag: undefined }]);
  });

  const faults = {
    "refuses": [() => deadNode(), "a refused"],
    "resets": [(t) => node(t, resets), "a reset"],
    "hangs": [(t) => hungNode(t), "a silent"],
    "is full": [(t) => node(t, problem(429, BUSY)), "a 429"],
    "is not ready": [(t) => node(t, problem(503, BUSY)), "a 503"],
    "has a defect": [(t) => node(t, problem(500)), "a 500"],
  };
  for (const [fault, [faulty, reason]] of Object.entries(faults)) {
    test(`a region that ${fault} is left for the next at once, and passed over then`, async (t) => {
      const b = await node(t);
      const client = clientOf(OpenAI, await router(t, [await faulty(t), b]));
      const began = performance.now();
      assert.deepEqual(told((await chat(client)).response), { region: "b", attempts: "2", reason });
      assert.ok(performance.now() - began < 3000, "the plain client waits for half a minute, or fails");
      const { attempts, region } = told((await chat(client)).response);
      assert.deepEqual([attempts, region, b.asked.length], ["1", "b", 2]);
    });
  }

  for (const status of [400, 401, 403, 404, 413, 422]) {
    test(`a ${status} is final`, async (t) => {
      const [a, b] = [await node(t, problem(status)), await node(t)];
      const client = clientOf(OpenAI, await router(t, [a, b]));
      await assert.rejects(chat(client), (error) => error.status === status && error.code === `told_${status}`);
      assert.equal(b.asked.length, 0);
    });
  }

  test("a node that is merely slow is waited for, and asked once", async (t) => {
    const [a, b] = [await node(t, after(1500, answers)), await node(t)];
    const { response } = await chat(clientOf(OpenAI, await router(t, [a, b])));
    assert.deepEqual([told(response).region, a.asked.length, b.asked.length], ["a", 1, 0]);
  });

  test("a stream is handed on as it comes", async (t) => {
    let finish;
    const a = await node(t, async (response) => {
      begins(response, "one");
      await new Promise((go) => (finish = go));
      response.end(chunk("two") + "data: [DONE]\n\n");
    });
    const { data } = await chat(clientOf(OpenAI, await router(t, [a])), { stream: true });
    const texts = [];
    for await (const part of data) {
      texts.push(part.choices[0].delta.content);
      finish(); // the second comes only if the first has
    }
    assert.deepEqual(texts, ["one", "two"]);
  });

  test("a stream that breaks off is not asked for elsewhere, but the next is", async (t) => {
    const a = await node(t, async (response) => {
      begins(response, "one");
      await sleep(50);
      response.socket.destroy();
    });
    const b = await node(t, (response) => (begins(response, "one"), response.end("data: [DONE]\n\n")));
    const client = clientOf(OpenAI, await router(t, [a, b]));
    const { data } = await chat(client, { stream: true });
    const texts = [];
    await assert.rejects(async () => {
      for await (const part of data) texts.push(part.choices[0].delta.content);
    });
    assert.deepEqual([texts, a.asked.length, b.asked.length], [["one"], 1, 0]);
    assert.equal(told((await chat(client, { stream: true })).response).region, "b");
  });

  test("a recording is sent whole to the second region as well", async (t) => {
    const [a, b] = [await node(t, problem(503)), await node(t)];
    const way = await router(t, [a, b]);
    const file = await toFile(Buffer.alloc(100_000, "sound"), "a.wav");
    const { text } = await clientOf(OpenAI, way).audio.transcriptions.create({ file, model: "whisper-base" });
    assert.equal(text, "heard");
    assert.equal(way.asked[0].model, "whisper-base");
    for (const each of [a, b]) assert.ok(each.asked[0].body.includes(Buffer.alloc(100_000, "sound")));
  });

  test("a call that its caller aborts is sent nowhere else", async (t) => {
    const [a, b] = [await hungNode(t), await node(t)];
    const client = clientOf(OpenAI, await router(t, [a, b]));
    const signal = AbortSignal.timeout(50);
    await assert.rejects(client.chat.completions.create(asked, { signal }), { constructor: OpenAI.APIUserAbortError });
    await assert.rejects(client.chat.completions.create(asked, { timeout: 50 }), { constructor: OpenAI.APIConnectionTimeoutError });
    await sleep(500);
    assert.equal(b.asked.length, 0);
  });

  test("a stream that its caller leaves ends at the node", async (t) => {
    let left = false;
    const a = await node(t, (response) => {
      response.on("close", () => (left = true));
      begins(response, "one");
    });
    const { data } = await chat(clientOf(OpenAI, await router(t, [a])), { stream: true });
    for await (const _ of data) break;
    await until(() => left);
  });

  test("twenty cold calls ask the router once, and a death in their midst fails none", async (t) => {
    const [a, b] = [await node(t, after(100, resets)), await node(t)];
    const way = await router(t, [a, b]);
    const client = clientOf(OpenAI, way);
    const all = await Promise.all(Array.from({ length: 20 }, () => chat(client)));
    assert.deepEqual(new Set(all.map(({ response }) => told(response).region)), new Set(["b"]));
    assert.equal(way.asked.filter(({ exclude }) => !exclude).length, 1);
    assert.equal(way.asked.filter(({ exclude }) => exclude === "a").length, 1);
  });

  test("a router that dies fails no call", async (t) => {
    const a = await node(t);
    const way = await router(t, [a], { ttl: 1, meanwhile: 1 });
    const client = clientOf(OpenAI, way);
    await chat(client);
    way.close();
    for (const end = performance.now() + 2800; performance.now() < end; await sleep(50)) await chat(client);
    assert.ok(a.asked.length > 20);
  });

  test("a router that nobody reaches, with nothing known, is named", async (t) => {
    const way = await deadNode();
    await assert.rejects(chat(clientOf(OpenAI, way)), ({ constructor, cause }) => {
      assert.equal(cause.message, `autorouter: the router ${way.url} cannot be asked: refused`);
      return constructor === OpenAI.APIConnectionError;
    });
  });

  test("what the router refuses is an error as the region's would be", async (t) => {
    const way = await router(t, []);
    way.behave = problem(404);
    await assert.rejects(chat(clientOf(OpenAI, way)), { constructor: OpenAI.NotFoundError, code: "told_404" });
  });

  test("its own retries run when all are full", async (t) => {
    const a = await node(t, problem(429, { "retry-after-ms": "50", "x-should-retry": "false" }));
    const call = chat(clientOf(OpenAI, await router(t, [a]), { maxRetries: 2 }));
    await until(() => a.asked.length);
    a.behave = answers;
    assert.equal(told((await call).response).region, "a");
  });

  test("three regions are tried at most, and the last answer is the caller's", async (t) => {
    const nodes = [];
    for (let number = 0; number < 4; number++) nodes.push(await node(t, problem(503, { "retry-after": "7" })));
    await assert.rejects(chat(clientOf(OpenAI, await router(t, nodes))), ({ status, headers }) => {
      assert.deepEqual(told({ headers }), { region: "c", attempts: "3", reason: "a 503, b 503, c 503" });
      return status === 503 && headers.get("retry-after") === "7";
    });
    assert.deepEqual(nodes.map(({ asked }) => asked.length), [1, 1, 1, 0]);
  });
};

// Most of them wait most of the time.
describe("openai 6", { concurrency: 4 }, suite(Six));
describe("openai 7", { concurrency: 4 }, suite(Seven));
