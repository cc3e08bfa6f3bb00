import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, type SystemNeed } from "./require.ts";

export const OPENSSL: SystemNeed = command("openssl", "openssl");

/** Makes a self-signed certificate for these host names, valid for two days. */
export function makeCertificate(...hosts: readonly string[]): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), "galleta-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const names = hosts.map((host) => `DNS:${host}`).join(",");
    execFileSync(
      "openssl",
      [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj".split(
          " ",
        ),
        [`/CN=${hosts[0]}`, "-addext", `subjectAltName=${names}`, "-keyout", key, "-out", cert],
      ].flat(),
      { stdio: "ignore" },
    );
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
