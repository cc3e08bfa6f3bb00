// More than a million mutated headers, cookies and tokens in seconds. A failure names its seed;
// FUZZ_SEED repeats it.
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { AMBIGUOUS, findCookie } from "../packages/session/src/cookie/parse.ts";
import { nodeAddress } from "../packages/session/src/site/address.ts";
import { parseAuthority } from "../packages/session/src/site/authority.ts";
import { createCrossSiteCheck } from "../packages/session/src/csrf/check.ts";
import { parseForwarded } from "../packages/session/src/site/forwarded.ts";
import { isOrigin } from "../packages/session/src/csrf/origin.ts";
import { createSessions } from "../packages/session/src/sessions.ts";
import { cookieSession } from "../packages/session/src/formats/cookie-session.ts";
import { django } from "../packages/session/src/formats/django.ts";
import { flask } from "../packages/session/src/formats/flask.ts";
import { ironSession } from "../packages/session/src/formats/iron-session.ts";
import { starlette } from "../packages/session/src/formats/starlette.ts";
import { createKeyRing } from "../packages/session/src/token/keys.ts";
import { encryptToken, openToken, signToken } from "../packages/session/src/token/token.ts";
import { facts } from "./support/facts.ts";
import { fuzzSeed, mutator, seeded } from "./support/mutate.ts";
import { KEY, splitCookies, start, visit } from "./support/sessions.ts";

const SEED = fuzzSeed();

/** Runs `judge` on mutated inputs. It returns a complaint if one was handled wrongly. */
function fuzz(
  runs: number,
  corpus: readonly string[],
  words: readonly string[],
  judge: (text: string) => string | undefined,
): void {
  const next = mutator(corpus, words, seeded(SEED));
  for (let run = 0; run < runs; run++) {
    const text = next();
    let complaint: string | undefined;
    try {
      complaint = judge(text);
    } catch (error) {
      complaint = `threw ${String(error)}`;
    }
    if (complaint !== undefined) {
      expect.fail(`${JSON.stringify(text)}: ${complaint} (FUZZ_SEED=${SEED}, input ${run})`);
    }
  }
}

const OWN = "https://example.com";
const ORIGINS = [
  OWN,
  "wss://example.com",
  "http://example.com",
  "https://example.com:443",
  "https://example.com:8443",
  "https://example.com.",
  "https://example.com.evil.com",
  "https://evil.com",
  "https://example.com@evil.com",
  "https://[::1]:3000",
  "https://xn--bcher-kva.de",
  "chrome-extension://abcdefghijklmnop",
  "null",
  "",
];
const ORIGIN_WORDS = [
  ..."https http wss :// : / // \\ @ . .. ? # % %2e , example.com evil.com :443 :80".split(" "),
  ..."[ ] * xn-- 127.1 0x7f null user:pass@ \u00e9 \u3002 \t \r\n \0".split(" "),
  " ",
];

const HOSTS = [
  "example.com",
  "example.com:443",
  "example.com:",
  "EXAMPLE.com.",
  "[::1]:3000",
  "[2001:db8::1]",
  "127.0.0.1:80",
  "localhost",
  "my_host",
];

const FORWARDED = [
  "for=192.0.2.60;proto=http;by=203.0.113.43",
  'for="[2001:db8:cafe::17]:4711";host="example.com:8443"',
  "for=192.0.2.43, for=198.51.100.17;host=good.example;proto=https",
  'host="a\\"b\\\\c";secret=x',
  "for=unknown,,for=_hidden;",
  "",
];
const FORWARDED_WORDS = [
  ...'for= host= proto= by= " \\" \\ ; , = evil.example https 10.0.0.1 [ ] :80'.split(" "),
  ..."__proto__=x \t \0 \x7f \u00ff \u0100".split(" "),
  " ",
];

describe("Origin", () => {
  it("is never accepted unless it is this site's", () => {
    const check = createCrossSiteCheck();
    let origin = "";
    const request = facts({ method: "POST", encrypted: true, headers: { host: "example.com" } });
    const asked = {
      ...request,
      header: (name: string) => (name === "origin" ? origin : request.header(name)),
    };
    fuzz(150_000, ORIGINS, ORIGIN_WORDS, (text) => {
      origin = text;
      if ((check.http(asked) === undefined) !== (text === OWN)) return "the HTTP check is wrong";
      const own = text === OWN || text === "wss://example.com";
      if ((check.handshake(asked) === undefined) !== own) return "the handshake check is wrong";
      return undefined;
    });
  });

  it("is accepted only if it is normalized", () => {
    fuzz(100_000, ORIGINS, ORIGIN_WORDS, (text) => {
      if (!isOrigin(text)) return undefined;
      const url = new URL(text);
      if (`${url.protocol}//${url.host}` !== text) return "is not what it was read as";
      if (/^(?:http|ws)s?:/.test(text) && url.origin !== text) return "URL disagrees";
      return url.username || url.password || url.search || url.hash ? "has other parts" : undefined;
    });
  });
});

it("Host is read only if the platform reads the same", () => {
  fuzz(100_000, HOSTS, ORIGIN_WORDS, (text) => {
    const read = parseAuthority(text, "https");
    if (read === undefined) return undefined;
    const own = `https://${read.hostname}${read.port && `:${read.port}`}`;
    if (new URL(`https://${text}`).origin !== own || read.origin !== own) return "URL disagrees";
    return isOrigin(own) ? undefined : "gives an origin that is not one";
  });
});

describe("Forwarded", () => {
  it("is read into tokens and text, or not at all", () => {
    fuzz(100_000, FORWARDED, FORWARDED_WORDS, (text) => {
      for (const element of parseForwarded(text) ?? []) {
        for (const [name, value] of element) {
          if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return "a name is not a token";
          // oxlint-disable-next-line no-control-regex
          if (/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value))
            return "a value has control characters";
          nodeAddress(value);
        }
      }
      return undefined;
    });
  });

  it("from a client never overrides the entries of a trusted proxy", () => {
    const check = createCrossSiteCheck({ trustProxy: 1 });
    const added = "for=203.0.113.5;host=good.example;proto=https";
    fuzz(100_000, FORWARDED, FORWARDED_WORDS, (text) => {
      const headers = { host: "inner", forwarded: `${text}, ${added}` };
      const own = check.ownOrigin(facts({ headers }));
      return own === undefined || own === "https://good.example" ? undefined : `became ${own}`;
    });
  });
});

const ring = createKeyRing([Buffer.from(KEY)], "session");
const content = { sid: "AAAAAAAAAAAAAAAAAAAAAA", rev: 1, born: 1, iat: 1, exp: 0xffff_ffff };
const TOKENS = ['{"user":"alice"}', '[{"n":1},{"flash":{"a":"b"}}]'].flatMap((json) => [
  signToken({ ...content, json }, ring),
  encryptToken({ ...content, json }, ring),
]);
const TICKET = encryptToken({ ...content, json: "{}" }, ring, "ticket");
const TOKEN_WORDS = [
  ..."A AA AAAA AAAAAAAAAAAAAAAA _ - + / = == % %3D . ~ UwAA RQAA".split(" "),
  ...TOKENS.map((token) => token.slice(0, 24)),
  " ",
  "\0",
  "\u0141",
];

describe("Cookie", () => {
  const names = ["session", "__Host-session", "s"];
  const headers = [
    "session=a; __Host-session=b; s=c",
    "session=a; session=b",
    "xsession=a; session2=b;session=c;\tsession =d",
    'session="a; session=b"; s',
    "=session=a; %73ession=b; SESSION=c",
    "",
  ];
  const words = [...'session __Host- s = ; , " % %3D %5F \\ x'.split(" "), " ", "\t", "\0", "\n"];

  it("is read as by a parser that splits the whole header", () => {
    fuzz(250_000, headers, words, (text) => {
      for (const name of names) {
        const all = splitCookies(text, name);
        // Beside another value, an empty one does not count.
        const values = all.length > 1 ? all.filter(Boolean) : all;
        const expected = values.length > 1 ? AMBIGUOUS : values[0];
        if (findCookie(text, name) !== expected) return `is read otherwise for ${name}`;
      }
      return undefined;
    });
  });

  it("gives a session for exactly the cookies that were issued", () => {
    const schema = z.object({ user: z.string(), n: z.number() });
    const data = { user: "alice", n: 1 };
    const now = Math.floor(Date.now() / 1000);
    const foreign = [starlette, flask, django, cookieSession, ironSession];
    const formats = foreign.map((make, i) => make({ secretKey: KEY, sessionCookie: `f${i}` }));
    const issued = formats.map((format) =>
      format
        .write(data, now, null)
        .map(({ name, value }) => `${name}=${value}`)
        .join("; "),
    );
    const accept = ["signed", "encrypted"] as const;
    const own = [false, true].map(
      (encrypt) =>
        visit(start({ encrypt, accept }).sessions, "", (session) => Object.assign(session, data))
          .cookie,
    );
    const options = { secretKey: KEY, accept, formats, schema, chunks: true };
    const sessions = createSessions({ ...options, onEvent: () => undefined });
    const corpus = [...own, ...issued];
    const cookies = corpus.flatMap((each) => each.split("; "));
    fuzz(100_000, corpus, [...TOKEN_WORDS, ";", "; ", ...cookies], (text) => {
      const { session } = sessions.open(text);
      const isKnown = text.split(";").some((pair) => cookies.includes(pair.trim()));
      const keys = Object.keys(session).join();
      if (keys === "") return undefined;
      return isKnown && keys === "user,n" ? undefined : "was accepted";
    });
  });
});

describe("a token", () => {
  it("is accepted only as it was issued, and only for its use", () => {
    const both = { signed: true, encrypted: true };
    const valid = new Set(TOKENS);
    fuzz(150_000, [...TOKENS, TICKET], TOKEN_WORDS, (text) => {
      const isOpened = typeof openToken(text, ring, both) !== "string";
      if (isOpened !== valid.has(text)) return isOpened ? "was accepted" : "was refused";
      const isTicket = typeof openToken(text, ring, both, "ticket") !== "string";
      // The use binds encrypted tokens. A signed one is never read as a ticket.
      if (isTicket && text !== TICKET && !text.startsWith("Uw")) return "was accepted as a ticket";
      return undefined;
    });
  });
});
