import { chromium, type Browser } from "playwright-core";
import { command, type SystemNeed } from "./require.ts";

/** Debian's Chromium. */
export const CHROMIUM: SystemNeed = command("/usr/bin/chromium", "chromium");

/**
 * Starts a headless Chromium that uses the network only for pages that a test opens.
 *
 * @param args more command-line switches
 */
export function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
  });
}
