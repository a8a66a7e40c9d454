// The client for JavaScript as a plain `fetch`, and its resolver, against nodes and routers that are played.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { autorouter, resolve, RouterError } from "autorouter-client";
import { after, answers, asked, begins, BUSY, node, problem, router, told, until } from "./played.mjs";

/** A clock that can be moved on: what is called moves it, by ms. */
function clock(t) {
  const real = performance.now.bind(performance);
  let ahead = 0;
  performance.now = () => real() + ahead;
  t.after(() => (performance.now = real));
  return (ms) => (ahead += ms);
}

const post = (ask, more) => ask("/v1/chat/completions", { method: "POST", body: JSON.stringify(asked), ...more });

const KINDS = {
  "a string": (text) => text,
  "bytes": (text) => new TextEncoder().encode(text),
  "an ArrayBuffer": (text) => new TextEncoder().encode(text).buffer,
  "a Blob": (text) => new Blob([text]),
  "a stream": (text) => new Blob([text]).stream(),
};
for (const [kind, made] of Object.entries(KINDS)) {
  test(`a body that is ${kind} is read for its model, and sent as often as need be`, async (t) => {
    const [a, b] = [await node(t, problem(503)), await node(t)];
    const way = await router(t, [a, b]);
    const text = JSON.stringify(asked);
    const headers = { "content-type": "application/json" };
    const ask = autorouter(way.url, { log: () => {} });
    const answer = await post(ask, { body: made(text), headers, duplex: "half" });
    assert.deepEqual([answer.status, way.asked[0].model], [200, "m"]);
    assert.deepEqual([String(a.asked[0].body), String(b.asked[0].body)], [text, text]);
    const request = new Request(`${way.url}/v1/x?y=1`, { method: "POST", body: made(text), headers, duplex: "half" });
    assert.equal((await ask(request)).status, 200);
    assert.deepEqual([b.asked[1].url, b.asked[1].method, String(b.asked[1].body)], ["/v1/x?y=1", "POST", text]);
  });
}

test("the model of a form, of a form in bytes and of a query counts, too", async (t) => {
  const way = await router(t, [await node(t)]);
  const ask = autorouter(way.url);
  const form = new FormData();
  form.set("model", "one");
  await ask("/v1/x", { method: "POST", body: form });
  form.set("model", "two");
  await ask(new Request(`${way.url}/v1/x`, { method: "POST", body: form }));
  await ask("/v1/x?model=three");
  await ask("/v1/x");
  await ask("data:,");
  assert.deepEqual(way.asked.map(({ model }) => model), ["one", "two", "three", undefined]);
});

test("a region is passed over for as long as it says", async (t) => {
  const [a, b] = [await node(t, problem(429, { "retry-after-ms": "400", "retry-after": "60" })), await node(t)];
  const way = await router(t, [a, b]);
  const ask = autorouter(way.url, { log: () => {} });
  assert.equal(told(await post(ask)).reason, "a 429");
  a.behave = answers;
  assert.deepEqual(told(await post(ask)), { region: "b", attempts: "1", reason: "a cooling down" });
  await sleep(450);
  assert.deepEqual(told(await post(ask)), { region: "a", attempts: "1", reason: "first choice" });
  assert.equal(way.asked.length, 1, "who is only full is expected back");
});

test("a region that is full for one model is there for another; one that is lost is lost for all", async (t) => {
  const a = await node(t, (response, body) => (body.includes("big") ? problem(429, BUSY) : answers)(response, body));
  const b = await node(t);
  const ask = autorouter((await router(t, [a, b])).url, { log: () => {} });
  const region = async (model) => told(await post(ask, { body: JSON.stringify({ model }) })).region;
  assert.deepEqual([await region("big"), await region("big"), await region("small")], ["b", "b", "a"]);
  a.close();
  assert.deepEqual([await region("small"), await region("other")], ["b", "b"]);
});

test("when all that is known fails, the router is asked who else there is", async (t) => {
  const nodes = [await node(t, problem(429, BUSY)), await node(t, problem(429, BUSY)), await node(t)];
  const way = await router(t, nodes, { alternates: [{ region: "b", endpoint: nodes[1].url, rtt_ms: 2 }] });
  assert.deepEqual(told(await post(autorouter(way.url, { log: () => {} }))), { region: "c", attempts: "3", reason: "a 429, b 429" });
  assert.equal(way.asked[1].exclude, "a,b");
});

test("when all cool down they are asked all the same", async (t) => {
  const a = await node(t, problem(429, BUSY));
  const way = await router(t, [a]);
  const ask = autorouter(way.url);
  assert.equal((await post(ask)).status, 429);
  a.behave = answers;
  for (let each = 0; each < 3; each++) assert.equal(told(await post(ask)).region, "a");
  assert.deepEqual(way.asked.map(({ exclude }) => exclude), [undefined, "a"], "the router has said that there is nobody");
});

test("who was left out is asked about again once it has cooled down", async (t) => {
  const [a, b] = [await node(t, problem(503)), await node(t)];
  const ask = autorouter((await router(t, [a, b])).url, { log: () => {} });
  const pass = clock(t);
  assert.equal(told(await post(ask)).region, "b");
  a.behave = answers;
  assert.equal(told(await post(ask)).region, "b");
  pass(5100);
  await post(ask); // has the news fetched
  await sleep(100);
  assert.equal(told(await post(ask)).region, "a");
});

test("a lapsed answer is used while news is fetched, which names the old, and a 304 renews it", async (t) => {
  const way = await router(t, [await node(t)], { ttl: 1 });
  const ask = autorouter(way.url);
  await post(ask);
  const pass = clock(t);
  pass(1100);
  way.behave = after(300, (response) => response.writeHead(304, { "cache-control": "max-age=60" }).end());
  const began = performance.now();
  await Promise.all([post(ask), post(ask)]);
  assert.ok(performance.now() - began < 290);
  await until(() => way.asked.length === 2);
  await sleep(350);
  pass(30_000);
  await post(ask);
  assert.deepEqual(way.asked.slice(1), [{ model: "m", previous: "a", tag: '"a"' }]);
});

test("a router that hangs holds nobody up who knows where to go", async (t) => {
  const way = await router(t, [await node(t)], { ttl: 0, meanwhile: 0 });
  const ask = autorouter(way.url);
  await post(ask);
  way.behave = () => new Promise(() => {});
  const began = performance.now();
  for (let each = 0; each < 3; each++) assert.equal((await post(ask)).status, 200);
  assert.ok(performance.now() - began < 2500, "three times the patience, with a wide margin");
});

test("a router that fails is left in peace for a while", async (t) => {
  const way = await router(t, [await node(t)], { ttl: 0 });
  const ask = autorouter(way.url);
  await post(ask);
  way.behave = problem(503);
  const pass = clock(t);
  for (let each = 0; each < 5; each++, await sleep(20)) await post(ask);
  assert.equal(way.asked.length, 2);
  pass(2100);
  await post(ask);
  await until(() => way.asked.length === 3);
});

test("a caller that gives up does not wait for the router, and keeps its reason", async (t) => {
  const [a, b] = [await node(t, () => new Promise(() => {})), await node(t)];
  const [hanging, well] = [await router(t, []), await router(t, [a, b])];
  hanging.behave = () => new Promise(() => {});
  const ask = autorouter(well.url);
  for (const each of [autorouter(hanging.url), ask]) {
    const own = new AbortController();
    setTimeout(() => own.abort(new Error("closed the tab")), 50);
    const began = performance.now();
    await assert.rejects(post(each, { signal: own.signal }), { message: "closed the tab" });
    assert.ok(performance.now() - began < 1000);
  }
  await sleep(300);
  assert.deepEqual([a.asked.length, b.asked.length], [1, 0]);
  a.behave = answers;
  assert.equal(told(await post(ask)).region, "a", "it has not failed");
});

test("an answer that is older than the router allows is not used", async (t) => {
  const way = await router(t, [await node(t)], { ttl: 0, meanwhile: 0, ifError: 0 });
  const ask = autorouter(way.url);
  await post(ask);
  way.close();
  const message = new RegExp(`^autorouter: the router ${way.url} cannot be asked: (refused|reset)$`);
  await assert.rejects(post(ask), { name: "RouterError", message });
});

test("what a router says that is no route is an error that names it", async (t) => {
  const way = await router(t, []);
  way.behave = (response) => response.end("<html>Sign in to the hotel</html>");
  const message = `autorouter: ${way.url} answered /v1/route with no route: <html>Sign in to the hotel</html>`;
  await assert.rejects(post(autorouter(way.url)), { name: "RouterError", message });
});

test("what is sent on has a budget", async (t) => {
  const [a, b] = [await node(t, problem(429, { "retry-after-ms": "0" })), await node(t)];
  const ask = autorouter((await router(t, [a, b])).url, { log: () => {} });
  const began = performance.now();
  const all = [];
  for (let each = 0; each < 400; each++) all.push((await post(ask)).status);
  const most = 100 + 0.2 * 400 + (performance.now() - began) / 100;
  const sent = all.filter((status) => status === 200).length;
  assert.ok(sent >= 100 && sent <= most + 1, `${sent} of ${most}`);
  assert.equal(b.asked.length, sent);
});

test("a probe is made once, when the answer is complete", async (t) => {
  let finish;
  const a = await node(t, async (response) => {
    begins(response, "one");
    await new Promise((go) => (finish = go));
    response.end();
  });
  const [b, way] = [await node(t), await router(t, [a])];
  way.probe = { region: "b", url: `${b.url}/v1/ping?ticket=x` };
  const ask = autorouter(way.url);
  const answer = await post(ask);
  await sleep(100);
  assert.equal(b.asked.length, 0, "there is other work to do");
  finish();
  await answer.text();
  await until(() => b.asked.length);
  a.behave = answers;
  await (await post(ask)).text();
  await sleep(100);
  assert.deepEqual(b.asked.map(({ url }) => url), ["/v1/ping?ticket=x"]);
});

test("one line tells of a change of region", async (t) => {
  const [a, b] = [await node(t), await node(t)];
  const lines = [];
  const ask = autorouter((await router(t, [a, b])).url, { log: (line) => lines.push(line) });
  await post(ask);
  a.behave = problem(503, BUSY);
  for (let each = 0; each < 3; each++) await post(ask);
  assert.deepEqual(lines, ["autorouter: m: a → b (a 503)"]);
});

test("no listener stays behind with a signal that is used for many calls", async (t) => {
  const ask = autorouter((await router(t, [await node(t)])).url);
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...all) => (listeners++, add(...all));
  signal.removeEventListener = (...all) => (listeners--, remove(...all));
  for (let each = 0; each < 5; each++) await (await post(ask, { signal })).text();
  assert.equal(listeners, 0);
});

test("what cannot be sent at all is nobody's failure", async (t) => {
  const way = await router(t, [await node(t), await node(t)]);
  const ask = autorouter(way.url);
  await assert.rejects(ask("/v1/x", { method: "GET", body: "x" }), (error) => !error.message.includes("no region answered"));
  assert.deepEqual(told(await post(ask)), { region: "a", attempts: "1", reason: "first choice" });
  assert.throws(() => autorouter("router.example"), TypeError);
});

test("the plain resolver remembers, and asks anew without what failed", async (t) => {
  const way = await router(t, [await node(t), await node(t)]);
  const both = await Promise.all([resolve(way.url, { model: "m", residency: ["CA", "US"] }), resolve(way.url, { model: "m", residency: ["CA", "US"] })]);
  assert.deepEqual(both.map(({ region }) => region), ["a", "a"]);
  assert.deepEqual(way.asked, [{ model: "m", residency: "CA,US", tag: undefined }]);
  assert.equal((await resolve(way.url, { model: "m", exclude: ["a"] })).region, "b");
  await assert.rejects(resolve(way.url, { exclude: ["a", "b"] }), (error) => error instanceof RouterError && error.status === 503 && error.code === "told_503");
});
