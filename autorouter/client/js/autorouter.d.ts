/** What the router is asked besides the model, as `GET /v1/route` has it. Whatever it does not know it refuses by name. */
export interface Asked {
  /** Only these countries may see the data: "CA", or ["CA", "US"]. Never bends. */
  residency?: string | readonly string[];
  /** One's own country first (the default), or wherever it is fastest. */
  scope?: "country" | "global";
  /** Longest time to start that is acceptable. */
  budget_ms?: number;
  tier?: string | readonly string[];
  /** Only these regions. */
  only?: string | readonly string[];
  /** How many ordinary clients this one weighs. */
  concurrency?: number;
  priority?: "interactive" | "batch";
  /** Where this client is, if it knows better than its address does. */
  lat?: number;
  lon?: number;
}

export interface Options extends Asked {
  /** What sends the requests; the global `fetch` by default. */
  fetch?: Fetch;
  /** Takes one line when the calls for a model go to another region than before; `console.warn` by default. */
  log?: (line: string) => void;
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` whose requests go to a region of *router*'s, with the path that was asked for. Answers have
 * `x-autorouter-region`, `x-autorouter-attempts` and `x-autorouter-reason`.
 */
export declare const autorouter: (router: string, options?: Options) => Fetch;

export interface Place {
  region: string;
  /** Without a path: append `/v1/…`. */
  endpoint: string;
  rtt_ms: number;
}

export interface Route extends Place {
  name: string;
  /** Seconds. */
  ttl: number;
  rtt_spread_ms: number;
  rtt_source: "measured" | "estimated" | "unknown";
  /** Where to go if this fails, in this order. */
  alternates: readonly Place[];
  degraded?: true;
}

/**
 * Where to go now; remembered as long as it holds, and for an hour if the router does not answer. *exclude* asks anew
 * for a list without those regions. Rejects with a `RouterError`.
 */
export declare const resolve: (
  router: string,
  question?: Asked & { model?: string | readonly string[]; exclude?: string | readonly string[] },
) => Promise<Route>;

/** The router could not be asked, or (then there is a `status`) answered something other than a route. */
export declare class RouterError extends Error {
  readonly status?: number;
  /** As in the router's table of errors. */
  readonly code?: string;
  /** What it answered, as OpenAI's clients get it. */
  readonly response?: Response;
}
