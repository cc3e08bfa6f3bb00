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
 * Serves the session inspector at `/.galleta/`, if the app has sessions and `NODE_ENV` is not
 * `production`. The code of the inspector is loaded at the first visit.
 *
 * The inspector runs before the app's middleware. Otherwise, an app that requires a login for every
 * view would hide it.
 *
 * @param setting the setting `SESSIONS`, from which the argument `sessions` was made
 */
export function mountInspector(
  core: Core,
  sessions: readonly Sessions<never>[],
  setting: unknown,
): void {
  if (sessions.length === 0 || process.env["NODE_ENV"] === "production") return;
  const settings = [setting].flat() as (true | SessionOptions)[];
  const all = sessions.map((each, index) => ({ sessions: each, options: given(settings[index]!) }));
  const recorder = sharedRecorder();
  core.inspector = INSPECTOR_PATH;
  core.h3.all(INSPECTOR_PATH, async (event) => {
    const { mayInspect, respond } = await import("@galleta/inspect/page");
    const facts = factsOf(event.req);
    const isRead = event.req.method === "GET" || event.req.method === "HEAD";
    if (!isRead || !mayInspect(facts, all, httpVersionOf(event))) return missing(core, event);
    return respond({ all, recorder, facts });
  });
}

const given = (setting: true | SessionOptions): SessionOptions =>
  setting === true ? { secretKey: process.env["SECRET_KEY"] ?? "" } : setting;

function httpVersionOf(event: H3Event): string | undefined {
  return event.runtime?.node?.req.httpVersion;
}

/**
 * Answers a request for the inspector with 404, like one for an unknown path. Without this, other
 * machines could detect the inspector.
 */
function missing(core: Core, event: H3Event): Response | Promise<Response> {
  const view = () => {
    throw new HTTPError(404);
  };
  return handle({ view, owners: [core] }, event);
}
