import { createSecretKey } from "node:crypto";
import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { derive, info } from "../../packages/session/src/token/keys.ts";

/** A secret that no output may contain. */
export const SECRET = "s3cret-of-this-test-that-must-never-show-up";
export const DATA = "the-data-of-a-session";
const material = createSecretKey(Buffer.from(SECRET));
const derived = (use: string) =>
  derive(material, Buffer.alloc(0), info(use, "session"), 32).toString("hex");

const out: string[] = [];
/** The texts to search for. */
export const needles = new Set<string>();

/** Records every text that shows a value: JSON, inspect and the like. */
export function keep(value: unknown): void {
  out.push(inspect(value, { depth: 12, showHidden: true, maxArrayLength: null }));
  out.push(inspect(value, { depth: 12, customInspect: false }));
  for (const show of [
    String,
    JSON.stringify,
    (each: unknown) => serialize(each).toString("latin1"),
  ]) {
    try {
      out.push(String(show(value)));
    } catch {
      // A value that cannot be converted to text cannot leak this way.
    }
  }
  if (typeof value !== "object" || value === null) return;
  for (const key of Reflect.ownKeys(value)) {
    const part: unknown = Reflect.get(value, key);
    out.push(String(key), typeof part === "string" ? part : "");
  }
  if (value instanceof Error) {
    out.push(value.message, value.stack ?? "");
    if (value.cause !== undefined) keep(value.cause);
  }
}

/** Runs code that must fail, and records its error. */
export function fails(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    keep(error);
    return;
  }
  expect.fail(`${run.toString()} did not fail`);
}

/** Records a cookie value and its parts as texts that must not leak. */
export function hide(value: string): string {
  needles.add(value);
  if (value.length > 60) {
    needles.add(value.slice(0, 40));
    needles.add(value.slice(24, 60));
    needles.add(value.slice(-40));
  }
  return value;
}

/** Records everything that each test writes to the console or the streams. */
export function watchOutput(): void {
  beforeEach(() => {
    out.length = 0;
    needles.clear();
    for (const form of ["utf8", "hex", "base64", "base64url"] as const) {
      needles.add(Buffer.from(SECRET).toString(form).replace(/=+$/, "").slice(0, 40));
    }
    for (const use of ["sign", "enc", "csrf"]) {
      needles.add(derived(use));
      // The form in which inspect prints bytes.
      needles.add(derived(use).match(/../g)!.slice(0, 16).join(" "));
    }
    needles.add(DATA);
    for (const name of ["log", "info", "warn", "error", "debug", "trace"] as const) {
      vi.spyOn(console, name).mockImplementation((...args) => {
        out.push(format(...args));
      });
    }
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, "write").mockImplementation((chunk) => {
        out.push(String(chunk));
        return true;
      });
    }
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
}

/** Fails if a recorded text contains one that must not leak. */
export function expectNothingFound(): void {
  vi.restoreAllMocks();
  expect(out.length).toBeGreaterThan(0);
  const all = out.join("\n");
  for (const needle of needles) {
    const at = all.indexOf(needle);
    if (at !== -1) expect.fail(`found in: ...${all.slice(Math.max(0, at - 300), at)}<HERE>`);
  }
}
