import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import type { DeviceRecord } from "../session/records.ts";
import type { Reply } from "../session/ports.ts";
import type { RequestFacts } from "../session/request.ts";
import type { DeviceBinding } from "./binding.ts";
import { keyOfIdentifier, thumbprint, type DeviceKey } from "./jwk.ts";
import { checkLabel } from "./labels.ts";
import { verifyProof } from "./proof.ts";
import { challenged, denied, ended, granted } from "./replies.ts";
import { readText } from "./structured.ts";

/**
 * Answers a browser that wants to refresh the short-lived cookie of a device-bound session. A
 * request without a proof gets a challenge. The browser's next request contains the challenge,
 * signed with the device's key, and gets a new cookie.
 *
 * After any 4xx except 403, the browser ends the session for good. So a failing store is answered
 * with 503, and an expired or used challenge with 403 and a new challenge.
 *
 * @throws SessionError `ERR_SESSION_STORE`
 */
export async function answerRefresh(
  binding: DeviceBinding,
  context: SessionContext<never>,
  facts: RequestFacts,
): Promise<Reply> {
  const { events } = binding.shared.settings;
  const identifier = readText(facts.header("sec-secure-session-id"));
  // Pages cannot set a header that begins with Sec-. A request without it does not come from a
  // browser's refresh.
  if (identifier === undefined) return denied();
  context.skipDevice();
  await context.load();
  const { state } = context;
  const { loaded, sid } = state;
  const key = keyOfIdentifier(identifier);
  const { device } = state.meta;
  // The session was logged out, has expired, or was bound to another key by a login.
  if (loaded.isNew || device === undefined || key === undefined || thumbprint(key) !== device.key) {
    events.emit("device", loaded.isNew ? undefined : sid, { reason: "unbound" });
    return ended(binding, identifier, await context.commit());
  }
  const now = nowSeconds();
  const bound = { sid, record: device, identifier, key, now };
  const verdict = judgeProof(binding, facts, bound);
  if (verdict !== "good") {
    // A request without a proof is normal: the answer asks for one.
    if (verdict !== "proof-missing") events.emit("device", sid, { reason: verdict });
    const isRetry = verdict === "proof-missing" || verdict.startsWith("challenge-");
    return isRetry ? challenged(binding, bound) : denied();
  }
  const record: DeviceRecord = {
    ...device,
    until: Math.max(now + binding.settings.refresh, device.until + 1),
  };
  context.changeMeta((meta) => {
    meta.device = record;
  });
  const commit = await context.commit();
  if (state.issued === undefined) return ended(binding, identifier, commit);
  events.emit("device", sid, { reason: "refreshed" });
  return granted(binding, { sid, record, key, commit, now });
}

interface Bound {
  readonly sid: string;
  readonly record: DeviceRecord;
  readonly identifier: string;
  readonly key: DeviceKey;
  readonly now: number;
}

/**
 * Checks the device's proof in a request to refresh the cookie of a device-bound session.
 *
 * @returns "good", or the reason to reject the proof
 */
function judgeProof(
  binding: DeviceBinding,
  facts: RequestFacts,
  { sid, record, identifier, key, now }: Bound,
): string {
  const jwt = readText(facts.header("secure-session-response"));
  if (jwt === undefined) return "proof-missing";
  const proof = verifyProof(jwt, {
    algorithms: binding.settings.algorithms,
    key,
    subject: identifier,
    isAudience: (audience) => binding.isAudience(audience, facts),
    now,
  });
  if (typeof proof === "string") return proof;
  // The signature is right, so the device has its key. A wrong challenge comes from a lost race
  // with another refresh, or from a thief who replays it. Neither may log the user out.
  const { ring } = binding.shared.settings;
  const parts = [sid, String(record.until)];
  const label = checkLabel(ring, "device-refresh", proof.challenge, parts, now);
  return label === "good" ? label : `challenge-${label}`;
}
