import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CliBench, SECRET_KEY } from "./support/cli.ts";
import { available, command } from "./support/require.ts";

const APP = `
import { App, configure } from "galleta";
const app = new App();
configure(app, { SESSIONS: true });
app.route("/", (req, res) => { res.text = req.url; });
app.websocketRoute("/feed", async (ws) => { await ws.send("hello"); });
export default app;
`;
const env = { SECRET_KEY };

describe.runIf(available(command("openssl", "openssl")))("galleta serve with TLS", () => {
  let bench: CliBench;
  let ca: string;
  const certificate = (name: string) => {
    const [key, cert] = [bench.file(`${name}.key`, ""), bench.file(`${name}.pem`, "")];
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    const subject = [
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ];
    execFileSync("openssl", [...request.split(" "), ...subject, "-keyout", key, "-out", cert], {
      stdio: "ignore",
    });
    return { key, cert };
  };
  beforeAll(() => {
    bench = new CliBench();
    bench.file("app.ts", APP);
    ca = readFileSync(certificate("one").cert, "utf8");
    certificate("two");
    const encrypt = "pkey -aes128 -passout pass:hunter2 -out locked.key -in one.key";
    execFileSync("openssl", encrypt.split(" "), { cwd: bench.folder, stdio: "ignore" });
  });
  afterEach(() => bench.killAll());
  afterAll(() => bench.end());

  const flags = ["app.ts", "--tls-cert", "one.pem", "--tls-key", "one.key"];
  const ask = (url: string) =>
    new Promise<string>((resolve, reject) => {
      get(url, { ca, agent: false }, (response) => text(response).then(resolve, reject)).on(
        "error",
        reject,
      );
    });

  it.each([
    ["in one process", []],
    ["in workers", ["--workers", "2"]],
  ])("answers https and wss %s", async (_what, more) => {
    const run = await bench.serve([...flags, ...more], { env });
    expect(run.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask(`${run.url}/`)).toBe(`${run.url}/`);
    const socket = new WebSocket(`${run.url.replace("https", "wss")}/feed`, { ca });
    expect(String((await once(socket, "message"))[0])).toBe("hello");
    run.child.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });

  it.each([
    [["--tls-cert", "one.pem"], "--tls-cert and --tls-key go together: pass both or neither."],
    [
      ["--tls-cert", "one.pem", "--tls-key", "two.key"],
      "The certificate one.pem and the key two.key do not match.",
    ],
    [
      ["--tls-cert", "one.pem", "--tls-key", "locked.key"],
      "The key locked.key has a passphrase. Remove it: openssl pkey -in locked.key",
    ],
    [
      ["--tls-cert", "app.ts", "--tls-key", "one.key"],
      "The certificate app.ts and the key one.key are not PEM.",
    ],
    [
      ["--tls-cert", "none.pem", "--tls-key", "one.key"],
      "The file none.pem of --tls-cert does not exist.",
    ],
  ])("says in one line what is wrong with %j", async (more, line) => {
    const run = bench.run(["serve", "app.ts", ...more], { env });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr).toBe(`galleta: ${line}\n`);
  });
});
