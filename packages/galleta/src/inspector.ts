import process from "node:process";
import type { SessionOptions, Sessions } from "@galleta/session";
import { factsOf } from "@galleta/session/adapter";
import { sharedRecorder } from "@galleta/inspect/recorder";
import type { H3Event } from "h3";
import type { Core } from "./core.ts";
import { HTTPError } from "./http-error.ts";
import { handle } from "./pipeline.ts";

const INSPECTOR_PATH = "/.galleta/";

/**
 * Serves the session inspector at `/.galleta/`, if the app has sessions. It is off if `NODE_ENV` is
 * `production`. Its code is loaded at the first visit.
 *
 * It runs before the app's middleware, so that an app that requires a login for every view does not
 * hide it.
 *
 * @param setting the setting `SESSIONS`
 */
export function mountInspector(
  core: Core,
  sessions: Sessions<never> | undefined,
  setting: unknown,
): void {
  if (sessions === undefined || process.env["NODE_ENV"] === "production") return;
  const first: unknown = Array.isArray(setting) ? setting[0] : setting;
  const options =
    first === true ? { secretKey: process.env["SECRET_KEY"] ?? "" } : (first as SessionOptions);
  const recorder = sharedRecorder();
  core.inspector = INSPECTOR_PATH;
  core.h3.all(INSPECTOR_PATH, async (event) => {
    const { mayInspect, respond } = await import("@galleta/inspect/page");
    const facts = factsOf(event.req);
    const isRead = event.req.method === "GET" || event.req.method === "HEAD";
    if (!isRead || !mayInspect(facts, options, httpVersionOf(event))) return missing(core, event);
    return respond({ sessions, options, recorder, facts });
  });
}

function httpVersionOf(event: H3Event): string | undefined {
  return event.runtime?.node?.req.httpVersion;
}

/** Answers like an unknown path, so that other machines do not learn of the inspector. */
function missing(core: Core, event: H3Event): Response | Promise<Response> {
  const view = () => {
    throw new HTTPError(404);
  };
  return handle({ view, owners: [core] }, event);
}
