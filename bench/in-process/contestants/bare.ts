import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from "node:crypto";
import { header, mint, SECRET, tamper, USERS, type Contestant, type Data } from "../contestant.ts";

// The lowest possible cost of a signed or encrypted cookie: no times, no id, no rotation, no
// headers.

const valueOf = (cookie: string) => cookie.slice(cookie.indexOf("session=") + 8);

function sign(key: KeyObject, data: Data): string {
  const body = Buffer.from(JSON.stringify(data));
  const mac = createHmac("sha256", key).update(body).digest();
  return header(`session=${Buffer.concat([body, mac]).toString("base64url")}`);
}

function verify(key: KeyObject, cookie: string): Data | undefined {
  const bytes = Buffer.from(valueOf(cookie), "base64url");
  const body = bytes.subarray(0, -32);
  const mac = createHmac("sha256", key).update(body).digest();
  if (!timingSafeEqual(mac, bytes.subarray(-32))) return undefined;
  return JSON.parse(body.toString("utf8")) as Data;
}

function encrypt(key: KeyObject, data: Data): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = [nonce, cipher.update(JSON.stringify(data), "utf8"), cipher.final()];
  return header(`session=${Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64url")}`);
}

function decrypt(key: KeyObject, cookie: string): Data | undefined {
  const bytes = Buffer.from(valueOf(cookie), "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    const text = decipher.update(bytes.subarray(12, -16), undefined, "utf8");
    return JSON.parse(text + decipher.final("utf8")) as Data;
  } catch {
    return undefined;
  }
}

export const bare: Contestant = {
  name: "node:crypto and JSON, bare",
  kinds: ["signed", "encrypted"],
  async prepare(kind, data) {
    const bytes = hkdfSync("sha256", SECRET, "", "bench", 32);
    const key = createSecretKey(Buffer.from(bytes));
    const [seal, open] = kind === "signed" ? [sign, verify] : [encrypt, decrypt];
    const jar = await mint(() => seal(key, data));
    const broken = jar.map(tamper);
    return {
      read: (i) => open(key, jar[i % USERS] ?? "")?.views,
      write(i) {
        const read = open(key, jar[i % USERS] ?? "") ?? data;
        read.views += 1;
        jar[i % USERS] = seal(key, read);
      },
      untouched: (i) => jar[i % USERS],
      tampered: (i) => open(key, broken[i % USERS] ?? "")?.views,
    };
  },
};

/** The unit of the budget: one HMAC over as many bytes as a token has, and one JSON.parse. */
export const hmac: Contestant = {
  name: "createHmac of the same bytes + JSON.parse",
  kinds: ["signed"],
  async prepare(_kind, data) {
    const key = createSecretKey(randomBytes(32));
    const json = JSON.stringify(data);
    // In a token, the header, id and revision come before the JSON.
    const messages = Array.from({ length: USERS }, () =>
      Buffer.concat([randomBytes(38), Buffer.from(json)]),
    );
    const read = (i: number) => {
      const mac = createHmac("sha256", key)
        .update(messages[i % USERS] ?? "")
        .digest();
      const { views } = JSON.parse(json) as Data;
      return mac.length === 32 ? views : undefined;
    };
    return { read, write: read, untouched: read, tampered: () => undefined };
  },
};
