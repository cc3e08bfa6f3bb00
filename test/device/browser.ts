// A user agent for Device Bound Session Credentials, written from the algorithms of the W3C draft
// "Device Bound Session Credentials" alone: it shares no code with the server that it tests.
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { Received, Sent as SentOnWire } from "../adapters/wire.ts";
import { Cookies, credentialOf } from "./cookies.ts";

/** A request on the wire, and its answer. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

/** How a request reaches the server. */
export type Wire = (path: string, sent: SentOnWire) => Promise<Received>;

interface KeyPair {
  readonly algorithm: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface BoundSession {
  readonly id: string;
  readonly refreshUrl: string;
  readonly credentials: readonly { name: string; credential: string }[];
  readonly keyPair: KeyPair;
  challenge: string | undefined;
}

interface Instructions {
  readonly session_identifier: string;
  readonly refresh_url?: string;
  readonly continue?: boolean;
  readonly scope: { readonly origin?: string; readonly include_site: boolean };
  readonly credentials: readonly { type: string; name: string; attributes?: string }[];
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Options of a browser. */
export interface Habits {
  /** True if it supports the feature. */
  readonly supported?: boolean;
  readonly algorithms?: readonly string[];
  /** More claims in its proofs: a time or an audience, as in some versions. */
  readonly claims?: (url: string, session: string | undefined) => object;
}

export class DeviceBrowser {
  readonly cookies = new Cookies();
  readonly exchanges: Exchange[] = [];
  /** The session store, of one origin. */
  readonly sessions = new Map<string, BoundSession>();
  /** Set while the browser declines to refresh: a token of `Secure-Session-Skipped`. */
  skips: string | undefined;
  readonly #origin: string;
  readonly #wire: Wire;
  readonly #habits: Habits;
  /** One refresh at a time: requests that need it wait for the same. */
  readonly #refreshing = new Map<string, Promise<void>>();
  readonly #registering = new Set<Promise<void>>();

  constructor(origin: string, wire: Wire, habits: Habits = {}) {
    this.#origin = origin;
    this.#wire = wire;
    this.#habits = habits;
  }

  /** Sends a request of a page of the origin. It waits while a session needs a refresh. */
  async request(path: string, sent: Sent = {}): Promise<Received> {
    const deferred = new Set<string>();
    const skipped: string[] = [];
    for (;;) {
      const needy = this.#needingRefresh(path, deferred);
      if (needy === undefined) break;
      deferred.add(needy.id);
      if (this.skips === undefined) await this.refresh(needy.id);
      else skipped.push(`${this.skips};session_identifier="${needy.id}"`);
    }
    const debug = skipped.length > 0 ? { "secure-session-skipped": skipped.join(", ") } : {};
    return this.#send(path, { ...sent, headers: { ...sent.headers, ...debug } });
  }

  /** Waits for the registrations that responses started. */
  async settled(): Promise<void> {
    await Promise.all(this.#registering);
  }

  /** Refreshes a session, as a browser may do at any time. */
  refresh(id: string): Promise<void> {
    const running = this.#refreshing.get(id);
    if (running !== undefined) return running;
    const session = this.sessions.get(id);
    if (session === undefined) return Promise.resolve();
    const mine = this.#sessionRequest(session.refreshUrl, session.keyPair, id, session.challenge);
    const settled = mine.finally(() => this.#refreshing.delete(id));
    this.#refreshing.set(id, settled);
    return settled;
  }

  /** Finds a session that needs a refresh ("Identify session needing refresh"). */
  #needingRefresh(path: string, deferred: ReadonlySet<string>): BoundSession | undefined {
    return [...this.sessions.values()].find(
      (session) =>
        !deferred.has(session.id) &&
        session.refreshUrl !== path &&
        session.credentials.some(
          ({ name, credential }) => !this.cookies.has(path, name, credential),
        ),
    );
  }

  async #send(path: string, { method = "GET", headers = {}, body }: Sent): Promise<Received> {
    const cookie = this.cookies.headerFor(path);
    const all: Record<string, string> = { ...headers, ...(cookie === "" ? {} : { cookie }) };
    if (method !== "GET")
      Object.assign(all, { origin: this.#origin, "sec-fetch-site": "same-origin" });
    const answer = await this.#wire(path, {
      method,
      headers: all,
      ...(body !== undefined && { body }),
    });
    this.exchanges.push({ method, path, headers: all, status: answer.status });
    this.cookies.take(answer.setCookie);
    const told = (name: string) => answer.headers[name]?.toString() ?? "";
    this.#clearSiteData(told("clear-site-data"));
    if (this.#habits.supported ?? true) {
      this.#processRegistration(told("secure-session-registration"), path);
      this.#processChallenge(told("secure-session-challenge"));
    }
    return answer;
  }

  #clearSiteData(types: string): void {
    if (types.includes('"cookies"') || types.includes('"*"')) this.cookies.clear();
    if (/"(?:cookies|storage|\*)"/.test(types)) this.sessions.clear();
  }

  /** Process session registration. */
  #processRegistration(value: string, path: string): void {
    const list = /^\(([^)]*)\)/.exec(value)?.[1]?.split(" ") ?? [];
    const destination = /;path="([^"]*)"/.exec(value)?.[1];
    const challenge = /;challenge="([^"]*)"/.exec(value)?.[1];
    const supported = this.#habits.algorithms ?? ["ES256", "RS256"];
    const algorithm = list.find((name) => supported.includes(name));
    if (destination === undefined || algorithm === undefined) return;
    const url = new URL(destination, this.#origin + path).pathname;
    const registering = this.#sessionRequest(url, makeKeyPair(algorithm), undefined, challenge);
    this.#registering.add(registering);
    void registering.finally(() => this.#registering.delete(registering));
  }

  /** Cache challenge. */
  #processChallenge(value: string): void {
    for (const item of value.split(/,\s*(?=")/)) {
      const [, challenge, id] = /^"([^"]*)";id="([^"]*)"/.exec(item) ?? [];
      const session = this.sessions.get(id ?? "");
      if (session !== undefined) session.challenge = challenge;
    }
  }

  /** Send request. */
  async #sessionRequest(
    path: string,
    keyPair: KeyPair,
    id: string | undefined,
    challenge: string | undefined,
    tries = 0,
  ): Promise<void> {
    const headers: Record<string, string> = {};
    if (challenge !== undefined) {
      headers["secure-session-response"] = `"${this.#prove(path, keyPair, id, challenge)}"`;
    }
    if (id !== undefined) headers["sec-secure-session-id"] = `"${id}"`;
    const answer = await this.#send(path, { method: "POST", headers });
    const { status, body: text } = answer;
    const session = id === undefined ? undefined : this.sessions.get(id);
    if (status === 407 || status === 429 || (status >= 300 && status < 400)) return;
    if (status === 403) {
      // The draft has no limit here. A server that asks for ever has a bug.
      if (session === undefined || tries === 5) return;
      await this.#sessionRequest(path, keyPair, id, session.challenge, tries + 1);
      return;
    }
    if (status >= 400 && status < 500 && id !== undefined) this.sessions.delete(id);
    if (status >= 400 || (id !== undefined && text === "")) return;
    this.#createSession(text, path, id, keyPair, session?.challenge);
    this.#processChallenge(answer.headers["secure-session-challenge"]?.toString() ?? "");
  }

  /** Create session. */
  #createSession(
    text: string,
    destination: string,
    id: string | undefined,
    keyPair: KeyPair,
    challenge: string | undefined,
  ): void {
    const told = parse(text);
    const isValid =
      told !== undefined &&
      told.continue !== false &&
      (id === undefined || told.session_identifier === id) &&
      told.credentials.every(
        ({ type, attributes = "" }) => type === "cookie" && !/partitioned/i.test(attributes),
      );
    if (id !== undefined) this.sessions.delete(id);
    if (!isValid) return;
    const { session_identifier, refresh_url = destination, credentials } = told;
    this.sessions.set(session_identifier, {
      id: session_identifier,
      refreshUrl: new URL(refresh_url, this.#origin + destination).pathname,
      credentials: credentials.map(({ name, attributes = "" }) => ({
        name,
        credential: credentialOf(attributes),
      })),
      keyPair,
      challenge,
    });
  }

  #prove(path: string, pair: KeyPair, id: string | undefined, challenge: string): string {
    const { algorithm, publicKey, privateKey } = pair;
    const jwk = id === undefined ? { jwk: publicKey.export({ format: "jwk" }) } : {};
    const more = this.#habits.claims?.(this.#origin + path, id) ?? {};
    return makeProof({ alg: algorithm, ...jwk }, { jti: challenge, ...more }, privateKey);
  }
}

/** Makes a key pair for an algorithm. */
export function makeKeyPair(algorithm: string): KeyPair {
  const pair =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { algorithm, ...pair };
}

/** Makes a proof as a browser signs it. */
export function makeProof(header: object, claims: object, key: KeyObject): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const text = `${encode({ typ: "dbsc+jwt", ...header })}.${encode(claims)}`;
  const how =
    key.asymmetricKeyType === "ec" ? { key, dsaEncoding: "ieee-p1363" as const } : { key };
  return `${text}.${sign("sha256", Buffer.from(text), how).toString("base64url")}`;
}

function parse(text: string): Instructions | undefined {
  try {
    return JSON.parse(text) as Instructions;
  } catch {
    return undefined;
  }
}
