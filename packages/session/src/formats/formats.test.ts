import { createHash, createSecretKey, pbkdf2Sync, randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieSource, sessions, tampered } from "@galleta/test-support/formats";
import type { JsonObject, SessionFormat } from "../session/format.ts";
import { MAX_COOKIE_CHARS, MAX_JSON_BYTES } from "./bounds.ts";
import { cookieSession } from "./cookie-session.ts";
import { django } from "./django.ts";
import { flask } from "./flask.ts";
import { ironSession } from "./iron-session.ts";
import { seal } from "./iron.ts";
import { concatKey, hmacKey, timestampSigner } from "./itsdangerous.ts";
import { createSigner } from "./signer.ts";
import { encryptMessage } from "./rails-message.ts";
import { rails } from "./rails.ts";
import { starlette } from "./starlette.ts";
import { signTimed } from "./timed.ts";
import { toBase62 } from "./base62.ts";

const NOW = 1_800_000_000;
const OLD = "the key before this one, with more than 32 characters";
const KEY = "the key that signs today, with more than 32 characters";
const sessionCookie = "name";

interface Subject {
  make: (secretKey: string | string[]) => SessionFormat;
  /** Makes the cookies of an authentic session with these bytes in place of its JSON. */
  authentic: (json: Buffer) => Record<string, string>;
}

const timed = (digest: "sha1" | "sha256", key: Buffer) => createSigner(digest, [key]);
const starletteSigner = timestampSigner(timed("sha1", concatKey(KEY, "itsdangerous.Signer")));
const flaskSigner = timestampSigner(timed("sha1", hmacKey(KEY, "cookie-session", "sha1")));
const djangoKey = createHash("sha256")
  .update(`django.contrib.sessions.backends.signed_cookiessigner${KEY}`)
  .digest();
const djangoSigner = {
  signer: timed("sha256", djangoKey),
  separator: ":",
  encodeTime: toBase62,
  decodeTime: () => undefined,
} as const;
const railsKey = createSecretKey(
  pbkdf2Sync(KEY, "authenticated encrypted cookie", 1000, 32, "sha256"),
);

const subjects: Record<string, Subject> = {
  starlette: {
    make: (secretKey) => starlette({ secretKey, sessionCookie }),
    authentic: (json) => ({ name: signTimed(json.toString("base64"), NOW, starletteSigner) }),
  },
  flask: {
    make: (secretKey) => flask({ secretKey, sessionCookie }),
    authentic: (json) => ({ name: signTimed(json.toString("base64url"), NOW, flaskSigner) }),
  },
  django: {
    make: (secretKey) => django({ secretKey, sessionCookie }),
    authentic: (json) => ({ name: signTimed(json.toString("base64url"), NOW, djangoSigner) }),
  },
  "cookie-session": {
    make: (secretKey) => cookieSession({ secretKey, sessionCookie }),
    authentic: (json) => {
      const value = json.toString("base64");
      const mac = createSigner("sha1", [Buffer.from(KEY)]).sign(`name=${value}`);
      return { name: value, "name.sig": mac.toString("base64url") };
    },
  },
  "iron-session": {
    make: (secretKey) => ironSession({ secretKey, sessionCookie }),
    authentic: (json) => {
      const salts = { encryption: "ab".repeat(32), mac: "cd".repeat(32), iv: randomBytes(16) };
      // iron-session seals text. Bytes that are not UTF-8 are replaced, and still do not parse as
      // JSON.
      return { name: `${seal(json.toString(), { id: "1", text: KEY }, undefined, salts)}~2` };
    },
  },
  rails: {
    make: (secretKey) => rails({ secretKey, sessionCookie }),
    authentic: (json) => {
      const envelope = { message: json.toString("base64"), exp: null, pur: "cookie.name" };
      const text = JSON.stringify({ _rails: envelope });
      return { name: encryptMessage(text, railsKey, randomBytes(12)) };
    },
  },
};

const written = (format: SessionFormat, data: JsonObject) =>
  Object.fromEntries(format.write(data, NOW, 3600).map(({ name, value }) => [name, value]));

/** Leaves out the id that Rails adds to a session without one. */
const without = (data: JsonObject, id: boolean) => {
  const { session_id: sessionId, ...rest } = data;
  return id || sessionId === undefined ? data : rest;
};

describe.each(Object.entries(subjects))("%s", (name, { make, authentic }) => {
  const format = make(KEY);
  const read = (cookies: Record<string, string>) => format.read(cookieSource(cookies), NOW);

  it("has its name and reads nothing from a request without cookies", () => {
    expect(format.name).toBe(name);
    expect(read({})).toBeUndefined();
    expect(read({ session: "x", "session.sig": "x" })).toBeUndefined();
  });

  it("reads every session that it writes", () => {
    fc.assert(
      fc.property(sessions(), (session) => {
        fc.pre(JSON.stringify(session).length < 2000);
        const reading = read(written(format, session));
        if (reading?.ok !== true) throw new Error(`refused: ${reading?.reason}`);
        // JSON turns -0 into 0.
        const expected = JSON.parse(JSON.stringify(session)) as JsonObject;
        expect(without(reading.data, "session_id" in session)).toEqual(expected);
        expect(reading.keyIndex).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it("writes a session that it read so that it reads the same again", () => {
    const json = '{"b":[1,{"__proto__":1,"\\u00e9":"\\u2603\\ud83d\\ude00"}],"a":-1.5e-7,"":{}}';
    const first = read(authentic(Buffer.from(json)));
    if (first?.ok !== true) throw new Error("not read");
    expect(first.data).toEqual({ b: [1, { é: "\u2603\u{1f600}" }], a: -1.5e-7, "": {} });
    const again = read(written(format, first.data));
    expect(again).toMatchObject({ ok: true, data: first.data });
  });

  it("verifies with every key and signs with the first", () => {
    const rotated = make([KEY, OLD]);
    const before = cookieSource(written(make(OLD), { a: 1 }));
    expect(rotated.read(before, NOW)).toMatchObject({ ok: true, data: { a: 1 }, keyIndex: 1 });
    expect(format.read(before, NOW)).toMatchObject({ ok: false });
    const after = cookieSource(written(rotated, { a: 1 }));
    // iron-session names its passwords, and a single one is always number 1.
    const alone = name === "iron-session" ? { ok: false, reason: "key" } : { keyIndex: 0 };
    expect(format.read(after, NOW)).toMatchObject(alone);
    expect(rotated.read(after, NOW)).toMatchObject({ ok: true, keyIndex: 0 });
  });

  it("rejects each cookie with any byte changed", () => {
    const cookies = written(format, { user: "alice", n: 1, list: [true, null] });
    expect(read(cookies)).toMatchObject({ ok: true });
    for (const [cookie, value] of Object.entries(cookies)) {
      for (const other of tampered(value)) {
        expect(read({ ...cookies, [cookie]: other })).toMatchObject({ ok: false });
      }
    }
  });

  it("never throws, whatever its cookies contain", () => {
    const genuine = written(format, { a: "x".repeat(300) });
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(..."AZaz09+/=-_.:*~%2B"), maxLength: 300 }),
      fc.nat(40).map((length) => genuine["name"]?.slice(0, length) ?? ""),
      fc.nat(400).map((length) => genuine["name"]?.slice(length + 1) ?? ""),
    );
    fc.assert(
      fc.property(text, text, (value, signature) => {
        expect(read({ name: value, "name.sig": signature })).toMatchObject({ ok: false });
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws, whatever was signed", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.json().map((json) => Buffer.from(json)),
      fc.json().map((json) => Buffer.from(`{"a":${json}}`)),
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (json) => {
        expect(() => read(authentic(json))).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it.each(["", "null", "[]", "[{}]", "1", '"text"', "true", "{", "{}{}", "{'a':1}", "\u0004\b{"])(
    "rejects %j in place of a session",
    (json) => {
      expect(read(authentic(Buffer.from(json)))).toEqual({ ok: false, reason: "payload" });
    },
  );

  it("rejects bytes that are not UTF-8", () => {
    const reading = read(authentic(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0xff, 0x7d])));
    expect(reading).toEqual({ ok: false, reason: "payload" });
  });

  it("rejects a long cookie without decoding it", () => {
    const huge = "A".repeat(1_000_000);
    expect(read({ name: huge, "name.sig": "x" })).toEqual({ ok: false, reason: "too-large" });
    const sized = { name: "A".repeat(MAX_COOKIE_CHARS + 1), "name.sig": "" };
    expect(read(sized)).toEqual({ ok: false, reason: "too-large" });
  });

  it("rejects deep nesting", () => {
    const nested = Buffer.from(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`);
    expect(read(authentic(nested))).toEqual({ ok: false, reason: "payload" });
  });

  it("writes nothing that it could not read again", () => {
    expect(() => format.write({ a: "x".repeat(MAX_JSON_BYTES) }, NOW, null)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_TOO_LARGE" }),
    );
    expect(() => format.write({ a: (() => 1) as never }, NOW, null)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
    );
  });
});

describe.each([
  ["flask", subjects["flask"]?.make(KEY), flaskSigner],
  ["django", subjects["django"]?.make(KEY), djangoSigner],
] as const)("the zlib of %s", (_, format, signer) => {
  const read = (payload: string) =>
    format?.read(cookieSource({ name: signTimed(payload, NOW, signer) }), NOW);
  const packed = (text: string | Buffer) => `.${deflateSync(text).toString("base64url")}`;

  it("is unpacked", () => {
    expect(read(packed('{"a":1}'))).toMatchObject({ ok: true, data: { a: 1 } });
  });

  it("stops decompressing at the size limit of a session", () => {
    // 4 kB of zlib, the size of a cookie, can unpack to 4 MB.
    expect(read(packed(Buffer.alloc(4_000_000)))).toEqual({ ok: false, reason: "too-large" });
    const nested = `{"a":${"[".repeat(4_000_000)}`;
    expect(read(packed(nested))).toEqual({ ok: false, reason: "too-large" });
    const most = `{"a":"${"x".repeat(MAX_JSON_BYTES - 8)}"}`;
    expect(read(packed(most))).toMatchObject({ ok: true });
    expect(read(packed(`${most} `))).toEqual({ ok: false, reason: "too-large" });
    const deep = `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
    expect(read(packed(deep))).toEqual({ ok: false, reason: "payload" });
  });

  it("is rejected when it is cut, broken, or not canonical", () => {
    const whole = packed('{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}');
    for (const payload of [whole.slice(0, -4), ".", ".eJw", `.${"A".repeat(40)}`]) {
      expect(read(payload)).toEqual({ ok: false, reason: "payload" });
    }
    expect(read(`.${whole}`)).toEqual({ ok: false, reason: "not-canonical" });
    expect(read(`${whole}=`)).toEqual({ ok: false, reason: "not-canonical" });
  });
});
