import { createHash } from "node:crypto";
import { EncryptJWT, jwtDecrypt, jwtVerify, SignJWT } from "jose";
import { createCookieSessionStorage } from "react-router";
import {
  fromSetCookie,
  header,
  mint,
  SECRET,
  tamper,
  USERS,
  type Contestant,
  type Data,
} from "../contestant.ts";

export const reactRouter: Contestant = {
  name: "React Router's cookie storage",
  package: "react-router",
  kinds: ["signed"],
  async prepare(_kind, data) {
    const storage = createCookieSessionStorage<Data>({
      cookie: { name: "session", secrets: [SECRET] },
    });
    const jar = await mint(async () => {
      const session = await storage.getSession();
      session.set("user", data.user);
      session.set("views", data.views);
      return fromSetCookie([await storage.commitSession(session)]);
    });
    const broken = jar.map(tamper);
    const read = async (cookie: string) => (await storage.getSession(cookie)).get("views");
    return {
      read: (i) => read(jar[i % USERS] ?? ""),
      async write(i) {
        const session = await storage.getSession(jar[i % USERS]);
        session.set("views", (session.get("views") ?? 0) + 1);
        jar[i % USERS] = fromSetCookie([await storage.commitSession(session)]);
      },
      // There is no middleware: loaders without a session do not call it.
      untouched: () => undefined,
      tampered: (i) => read(broken[i % USERS] ?? ""),
    };
  },
};

export const joseTokens: Contestant = {
  name: "jose (JWT)",
  package: "jose",
  kinds: ["signed", "encrypted"],
  async prepare(kind, data) {
    const bytes = new Uint8Array(createHash("sha256").update(SECRET).digest());
    // Imported once, because raw bytes would be imported again for every token.
    const key = await (kind === "signed"
      ? crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
          "sign",
          "verify",
        ])
      : crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]));
    const issue = async (content: Data) => {
      const claims = { ...content };
      const token =
        kind === "signed"
          ? new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setIssuedAt().sign(key)
          : new EncryptJWT(claims)
              .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
              .setIssuedAt()
              .encrypt(key);
      return header(`session=${await token}`);
    };
    const open = async (cookie: string) => {
      const token = cookie.slice(cookie.indexOf("session=") + 8);
      const { payload } =
        kind === "signed" ? await jwtVerify<Data>(token, key) : await jwtDecrypt<Data>(token, key);
      return payload;
    };
    const jar = await mint(() => issue(data));
    const broken = jar.map(tamper);
    return {
      read: async (i) => (await open(jar[i % USERS] ?? "")).views,
      async write(i) {
        const { user, views } = await open(jar[i % USERS] ?? "");
        jar[i % USERS] = await issue({ user, views: views + 1 });
      },
      untouched: () => undefined,
      tampered: (i) =>
        open(broken[i % USERS] ?? "").then(
          ({ views }) => views,
          () => undefined,
        ),
    };
  },
};
