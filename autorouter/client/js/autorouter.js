/**
 * A `fetch` that sends each request to the region that will start answering it first, and to the next if that fails.
 *
 *     new OpenAI({ fetch: autorouter("https://router.example"), apiKey })
 *
 * The router says where (`GET /v1/route`), once per model and lease; that region's address takes the place of the host
 * that was asked for. A call is never sent on once its answer has begun, nor when its caller has given it up. Needs
 * nothing but what browsers, Node 18, Deno and Bun have in common.
 */

const MOST_REGIONS = 3; // tried for one call; after that its caller's own retries are due
const SILENCE = 150; // ms without a word after which a node is looked at,
const SHARE_WAITED = 0.1; // and again after such a share of what was waited so far,
const LONGEST_SILENCE = 5000; // or so many ms, if that is less
const LOOK = 200; // ms that GET /livez may take; or three round trips (TCP, TLS, HTTP) and 50, if that is more;
const LONGEST_LOOK = 5000; // twice as long after each that was in vain, for the router may be wrong about the way
const UPLOAD = 1000; // bytes a ms: while a body may still be on its way, silence means nothing
const COOL = 5000; // ms that a region which refused, reset or said nothing is passed over
const LONGEST_COOL = 60_000; // ms; by then the router has answered anew
const PATIENCE = 300; // ms to wait for a router's news while its old answer is at hand
const QUESTION = 3000; // ms that a router may take
const REST = 2000; // ms that a router which failed is not asked again, while its old answer is at hand
const PROBE = 2000; // ms that a probe may take; nobody waits for it
const SHARE = 0.2; // of all calls may be sent on to another region,
const RATE = 10 / 1000; // and so many a ms besides;
const RESERVE = 100; // what was not needed is kept, up to so many
const SLICE = 20; // ms

/** What is worth another region, and ms that this one is passed over for the model if it does not say how long itself. */
const FAILURES = new Map([[408, 0], [409, 0], [429, 1000], [500, 1000], [502, 2000], [503, 2000], [504, 2000]]);

/**
 * How the engines say it, in a code or in words, and how we do.
 * @type {[RegExp, string][]}
 */
const WORDS = [
  [/refused/i, "refused"],
  [/reset|UND_ERR_SOCKET|closed before/i, "reset"],
  [/ENOTFOUND|dns error/i, "unknown host"],
  [/TimeoutError/, "no answer in time"],
  [/^silent/, "silent"],
];

const now = () => performance.now();
const ignore = () => {};

/** The router could not be asked, or (then there is a `status`) answered something other than a route. */
export class RouterError extends Error {
  name = "RouterError";
  /** @type {(() => Response) | undefined} */
  #response;
  constructor(message, /** @type {any} */ { cause, status, code, headers } = {}, body = "") {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.wait = pause(headers, 0); // ms
    if (status) this.#response = () => new Response(body || null, { status, headers });
  }

  /** As an answer: OpenAI's clients read the router's errors. */
  get response() {
    return this.#response?.();
  }
}

/** @type {typeof import("./autorouter.js").autorouter} */
export const autorouter = (router, { fetch = globalThis.fetch, log = console.warn, ...asked } = {}) => {
  const routes = newRoutes(router, asked, fetch);
  const budget = newBudget();
  const looks = new Map(); // endpoint → the look at its node that is under way
  const limits = new Map(); // endpoint → ms that a look at it may take, by what looks have taken
  const cooling = new Map(); // region, or region and model → when it counts again
  const served = new Map(); // model → the region that answered last

  return async (input, init) => {
    if (!isHttp(input, router)) return fetch(input, init); // OpenAI's client looks at what "data:," gives
    const call = await unlessAborted(init?.signal, opened(input, init, router));
    try {
      return await walk(call, await unlessAborted(call.signal, routes.find(call.model, call.means)));
    } catch (error) {
      if (error instanceof RouterError && error.response) return error.response;
      throw error;
    }
  };

  /** What the first region that answers says; after three failures, or with no budget left, the last failure. */
  async function walk(call, route) {
    const failed = new Map(); // region → why it was left
    const passed = route.places.filter((each) => isCooling(each.region, call.model)).map((each) => [each.region, "cooling down"]);
    budget.earn();
    let place = await unlessAborted(call.signal, next(call, route, failed));
    for (;;) {
      const isLast = failed.size + 1 >= MOST_REGIONS || !route.places.some(({ region }) => region !== place.region && !failed.has(region));
      const tried = await attempt(place, call, isLast);
      if (tried.why) {
        failed.set(place.region, tried.why);
        cool(place.region, tried, call);
      }
      const wanted = tried.why && failed.size < MOST_REGIONS;
      const other = wanted && (await unlessAborted(call.signal, next(call, route, failed)));
      if (!other || !budget.spend()) {
        const ahead = passed.filter(([region]) => isAhead(region, place, route));
        return concluded(tried, place.region, new Map([...ahead, ...failed]), failed.size, call);
      }
      tried.answer?.arrayBuffer().catch(ignore); // so that its connection can be used again
      tried.release();
      place = other;
    }
  }

  function isCooling(region, model) {
    return Math.max(cooling.get(region) ?? 0, cooling.get(`${region} ${model}`) ?? 0) > now();
  }

  /** The next region in the router's order. Those that cool down come last, after what the router knows besides. */
  async function next(call, route, failed) {
    const isLeft = (each) => !failed.has(each.region);
    const isFit = (each) => isLeft(each) && !isCooling(each.region, call.model);
    const known = route.places.find(isFit);
    if (known) return known;
    const exclude = [...new Set([...failed.keys(), ...route.places.map((each) => each.region)])];
    const news = await within(PATIENCE, routes.anew(call.model, exclude, call.means));
    return news?.places.find(isFit) ?? route.places.find(isLeft);
  }

  /**
   * One try. `why` says that it failed; what only its caller can have caused is thrown.
   * @returns {Promise<{ release: () => void, why?: string, answer?: Response, error?: Error }>}
   */
  async function attempt(place, call, isLast) {
    const own = new AbortController();
    const release = follow(call.signal, own);
    const sent = (async () => fetch(place.endpoint + call.path, { ...call.init, signal: own.signal }))();
    try {
      const answer = await (isLast ? sent : heard(sent, place, call)); // with nowhere else to go it is waited for
      return { answer, release, why: FAILURES.has(answer.status) ? String(answer.status) : undefined };
    } catch (/** @type {any} */ error) {
      release();
      own.abort();
      if (call.signal?.aborted || isCallers(error, place, call)) throw error;
      return { error, release, why: word(error) };
    }
  }

  /**
   * What `sent` comes to. While it is silent its node is looked at beside it: one that is busy answers that, one that
   * hangs does not. Only silence counts: a node that shuts down refuses what is new and ends what it has begun.
   */
  async function heard(sent, place, call) {
    const settled = sent.then(() => true, () => true);
    const began = now();
    let silence = SILENCE + call.size / UPLOAD;
    while (!(await isSettled(silence, sent))) {
      if (!(await Promise.race([settled, look(place, call)]))) throw Object.assign(new Error("silent"), { code: "silent" });
      silence = Math.min(Math.max(SILENCE, SHARE_WAITED * (now() - began)), LONGEST_SILENCE);
    }
    return sent;
  }

  /** Whether the node says anything; one look for all calls that wait for it. */
  function look({ endpoint, rtt_ms = 0 }, { means }) {
    if (!looks.has(endpoint)) {
      const stop = new AbortController();
      const answer = (async () => (await fetch(`${endpoint}/livez`, { ...means, signal: stop.signal })).text())();
      const limit = Math.max(LOOK, 3 * rtt_ms + 50, limits.get(endpoint) ?? 0);
      const verdict = isHeard(limit, answer).then((isAlive) => {
        limits.set(endpoint, isAlive ? 0 : Math.min(2 * limit, LONGEST_LOOK));
        looks.delete(endpoint);
        stop.abort();
        return isAlive;
      });
      looks.set(endpoint, verdict);
    }
    return looks.get(endpoint);
  }

  /** Passes a region over for a while, for all models if it is lost; and asks for others, unless it was only full. */
  function cool(region, /** @type {any} */ { answer, why }, { model, means }) {
    if (answer) cooling.set(`${region} ${model}`, now() + pause(answer.headers, FAILURES.get(answer.status)));
    else cooling.set(region, now() + COOL);
    if (why !== "429" && routes.isListed(model, region)) routes.anew(model, [region], means);
  }

  /** The last try as its caller gets it: the answer and who gave it, or an error that says what was tried. */
  function concluded(/** @type {any} */ { answer, error, release, why }, region, reasons, failures, { model, signal }) {
    if (!answer) throw new TypeError(`autorouter: no region answered (${sentence(reasons)})`, { cause: error });
    if (!why) {
      reasons.delete(region);
      note(model, region, reasons);
    }
    const ended = (broken) => {
      release();
      if (broken && !signal?.aborted) cooling.set(region, now() + COOL);
      const url = routes.probe(); // asked for with a route; now there is nothing else to do
      if (url) fetch(url, { signal: AbortSignal.timeout(PROBE) }).catch(ignore);
    };
    return told(answer, ended, {
      "x-autorouter-region": region,
      "x-autorouter-attempts": String(why ? failures : failures + 1),
      "x-autorouter-reason": sentence(reasons),
    });
  }

  function note(model, region, reasons) {
    const before = served.get(model) ?? region;
    served.set(model, region);
    if (before !== region) log(`autorouter: ${model || "without a model"}: ${before} → ${region} (${sentence(reasons)})`);
  }
};

const shared = new Map(); // what `resolve` was asked → the routes that it knows

/** @type {typeof import("./autorouter.js").resolve} */
export const resolve = async (router, { model, exclude = [], ...asked } = {}) => {
  const key = JSON.stringify([router, asked]);
  if (!shared.has(key)) shared.set(key, newRoutes(router, asked, globalThis.fetch));
  const routes = shared.get(key);
  const found = await (exclude.length ? routes.ask(model, exclude, {}) : routes.find(model, {}));
  return found.route;
};

/**
 * What a router has said, by model: good for its lease, while news is fetched for a little longer, and for as long as
 * the router allows (an hour) if it does not answer.
 */
function newRoutes(router, asked, fetch) {
  const base = String(new URL(router)).replace(/\/+$/, "").replace(/\/v1$/, "");
  const leases = new Map(); // model → the latest answer
  const flights = new Map(); // question → the look-up under way, however many wait for it
  const resting = new Map(); // model → when the router is asked again
  let probed;

  return { find, anew, ask, isListed, probe };

  async function find(model, means) {
    const lease = leases.get(String(model));
    const age = lease ? now() - lease.until : 0;
    if (!lease || age > lease.ifError) return ask(model, [], means);
    if (age < 0 || isResting(model)) return lease;
    const news = ask(model, [], means).catch(ignore);
    return age < lease.meanwhile ? lease : ((await within(PATIENCE, news)) ?? lease);
  }

  /** Another list, without some regions; nothing if there is none. */
  async function anew(model, exclude, means) {
    return isResting(model) ? undefined : ask(model, exclude, means).catch(ignore);
  }

  function isListed(model, region) {
    return leases.get(String(model))?.places.some((each) => each.region === region);
  }

  function isResting(model) {
    return (resting.get(String(model)) ?? 0) > now();
  }

  /** The probe that is asked for, once. */
  function probe() {
    const url = probed;
    probed = undefined;
    return url;
  }

  function ask(model, exclude, means) {
    const question = JSON.stringify([model, exclude]);
    if (!flights.has(question)) {
      const flight = lookedUp(model, exclude, means).finally(() => flights.delete(question));
      flights.set(question, flight);
    }
    return flights.get(question);
  }

  async function lookedUp(model, exclude, means) {
    const old = leases.get(String(model));
    try {
      const lease = await answered(url(model, exclude, old), exclude.length ? undefined : old, means);
      if (exclude.length) lease.until = Math.min(lease.until, now() + COOL); // who was left out may be best again
      leases.set(String(model), lease);
      return lease;
    } catch (/** @type {any} */ error) {
      if (old) resting.set(String(model), now() + Math.max(REST, error.wait));
      throw error;
    }
  }

  function url(model, exclude, old) {
    const query = new URLSearchParams();
    for (const each of [model ?? []].flat()) query.append("model", each);
    const said = { ...asked, previous: old?.places[0].region, exclude };
    for (const [name, value] of Object.entries(said)) {
      if (value !== undefined && String(value)) query.set(name, String(value)); // a list as the router reads it: a,b
    }
    return `${base}/v1/route?${query}`;
  }

  async function answered(url, old, means) {
    const headers = old?.etag ? { "if-none-match": old.etag } : {};
    const [answer, body] = await said(url, { ...means, headers, signal: AbortSignal.timeout(QUESTION) });
    if (answer.status === 304 && old) return { ...old, ...times(answer.headers) };
    if (!answer.ok) throw refusal(answer, body);
    const route = parsed(body);
    if (!route?.endpoint) throw new RouterError(`autorouter: ${base} answered /v1/route with no route: ${body.slice(0, 80)}`);
    probed = route.probe?.url;
    const places = [route, ...(route.alternates ?? [])].map(({ region, endpoint, rtt_ms }) => ({ region, endpoint, rtt_ms }));
    return { route, places, etag: answer.headers.get("etag"), ...times(answer.headers, route.ttl) };
  }

  async function said(url, init) {
    try {
      const answer = await fetch(url, init);
      return [answer, await answer.text()];
    } catch (cause) {
      throw new RouterError(`autorouter: the router ${base} cannot be asked: ${word(cause)}`, { cause });
    }
  }

  function refusal({ status, headers }, body) {
    const { detail, code } = parsed(body) ?? {};
    const message = `autorouter: the router ${base} answered ${status}: ${detail ?? body.slice(0, 80)}`;
    return new RouterError(message, { status, code, headers }, body);
  }
}

/** A fifth of all calls, and ten a second, may be sent on; else a fleet in trouble would be asked for three times as much. */
function newBudget() {
  let [left, at] = [RESERVE, now()];
  return {
    earn: () => void (left = Math.min(RESERVE, left + SHARE)),
    spend() {
      left = Math.min(RESERVE, left + RATE * (now() - at));
      at = now();
      return left >= 1 && Boolean(left--);
    },
  };
}

/** A call that can be sent more than once: what it asks, of which model, and by what means (a proxy, credentials). */
async function opened(input, init, router) {
  const { body: given, headers, method, signal, ...means } = { ...(await unpacked(input)), ...init };
  const isFlow = typeof given?.getReader === "function" || typeof given?.[Symbol.asyncIterator] === "function";
  const body = isFlow ? await new Response(given).arrayBuffer() : given;
  const url = new URL(input?.url ?? input, router);
  const head = new Headers(headers);
  const model = (await modelIn(body, head)) ?? url.searchParams.get("model") ?? undefined;
  const path = url.pathname + url.search;
  return { path, model, size: sizeOf(body), signal, means, init: { ...means, method, headers: head, body } };
}

function isHttp(input, router) {
  return /^https?:$/.test(new URL(input?.url ?? input, router).protocol);
}

/** What a `Request` says, as an init; nothing of a URL. */
async function unpacked(input) {
  if (typeof input?.arrayBuffer !== "function") return {};
  const { method, headers, signal, cache, credentials, mode, redirect } = input;
  const body = await input.arrayBuffer();
  return { method, headers, signal, cache, credentials, mode, redirect, body: body.byteLength ? body : undefined };
}

async function modelIn(body, headers) {
  const type = headers.get("content-type") ?? body?.type ?? "";
  try {
    const form = /^multipart\//.test(type) ? await new Response(body, { headers: { "content-type": type } }).formData() : body;
    if (typeof form?.get === "function") return form.get("model") ?? undefined;
    if (typeof body === "string") return JSON.parse(body).model;
    if (body && /json/.test(type)) return JSON.parse(await new Response(body).text()).model;
  } catch {
    // the region will say what is wrong with it
  }
}

function sizeOf(body) {
  if (typeof body?.values === "function" && !ArrayBuffer.isView(body)) {
    return [...body.values()].reduce((sum, each) => sum + sizeOf(each), 0);
  }
  return body?.byteLength ?? body?.size ?? body?.length ?? 0;
}

/** *answer* with more headers, which cannot be added to it; *ended* is called once all of it was read, or it broke. */
function told(answer, ended, more) {
  const { status, statusText, url, redirected } = answer;
  const headers = new Headers(answer.headers);
  if (status === 429) headers.delete("x-should-retry"); // "not here": but the next try may well go elsewhere
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  const copy = new Response(answer.body && watched(answer.body, ended), { status, statusText, headers });
  if (!answer.body) ended(false);
  return Object.defineProperties(copy, { url: { value: url }, redirected: { value: redirected } });
}

function watched(body, ended) {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
          ended(false);
        } catch (error) {
          ended(true);
          throw error;
        }
      },
      cancel(reason) {
        ended(false);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Whether sending it anywhere fails so: a time that was up, or a request that cannot be. */
function isCallers(error, place, call) {
  if (["AbortError", "TimeoutError"].includes(error.name) || codeOf(error) === "UND_ERR_HEADERS_TIMEOUT") return true;
  try {
    new Request(place.endpoint + call.path, call.init);
    return false;
  } catch {
    return true;
  }
}

function isAhead(region, place, { places }) {
  const order = places.map((each) => each.region);
  return !order.includes(place.region) || order.indexOf(region) < order.indexOf(place.region);
}

function codeOf(error) {
  return error?.cause?.code ?? error?.code;
}

function word(error) {
  const said = [codeOf(error), error?.name, error?.message, error?.cause?.message].join(" ").trim();
  return WORDS.find(([pattern]) => pattern.test(said))?.[1] ?? codeOf(error) ?? "unreachable";
}

function sentence(reasons) {
  return [...reasons].map(([region, why]) => `${region} ${why}`).join(", ") || "first choice";
}

/** ms to wait, as an answer says; OpenAI's milliseconds count before HTTP's seconds (or date). */
function pause(headers, otherwise) {
  const exact = Number.parseFloat(headers?.get("retry-after-ms"));
  const after = headers?.get("retry-after") ?? "";
  const rough = /^\d+$/.test(after) ? 1000 * Number(after) : Date.parse(after) - Date.now();
  const wait = [exact, rough].find(Number.isFinite) ?? otherwise;
  return Math.min(Math.max(wait, 0), LONGEST_COOL);
}

/** Until when an answer holds, and how many ms longer while news is fetched, or if there are none to be had. */
function times(headers, ttl = 60) {
  const seconds = (name, otherwise) =>
    Number(new RegExp(`\\b${name}=(\\d+)`).exec(headers.get("cache-control") ?? "")?.[1] ?? otherwise);
  return {
    until: now() + 1000 * seconds("max-age", ttl),
    meanwhile: 1000 * seconds("stale-while-revalidate", 30),
    ifError: 1000 * seconds("stale-if-error", 3600),
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Has *own* aborted when *signal* is, until the function returned is called. `AbortSignal.any` is younger than Node 18. */
function follow(signal, own) {
  const abort = () => own.abort(signal.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return () => signal?.removeEventListener("abort", abort);
}

/** *promise*, unless its caller gives it up before; it goes on for others then. */
function unlessAborted(signal, promise) {
  if (!signal) return promise;
  let release;
  const givenUp = new Promise((_, reject) => void (release = follow(signal, { abort: reject })));
  return Promise.race([givenUp, promise]).finally(release);
}

/** What *promise* comes to within *ms*; else nothing. */
async function within(ms, promise) {
  return (await isSettled(ms, promise)) ? promise : undefined;
}

/** Whether *promise* is fulfilled or rejected within *ms*. */
function isSettled(ms, promise) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

/** The same in *ms* during which this program listened: a slice in which it was busy with other things counts as one. */
async function isHeard(ms, promise) {
  for (let left = ms; left > 0; left -= SLICE) if (await isSettled(SLICE, promise)) return true;
  return false;
}
