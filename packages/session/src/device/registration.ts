import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import type { DeviceRecord } from "../session/records.ts";
import type { Reply } from "../session/ports.ts";
import type { RequestFacts } from "../session/request.ts";
import type { DeviceBinding } from "./binding.ts";
import { identifierOf, thumbprint } from "./jwk.ts";
import { checkLabel } from "./labels.ts";
import { verifyProof } from "./proof.ts";
import { denied, ended, granted } from "./replies.ts";
import { readText } from "./structured.ts";

/**
 * Answers a browser's request to register its key for a session. The session is bound to the key if
 * the browser's proof is valid.
 */
export async function answerRegistration(
  binding: DeviceBinding,
  context: SessionContext<never>,
  facts: RequestFacts,
): Promise<Reply> {
  const { ring, events } = binding.shared.settings;
  const now = nowSeconds();
  const jwt = readText(facts.header("secure-session-response"));
  context.skipDevice();
  await context.load();
  const { state } = context;
  const { loaded, sid } = state;
  const deny = (reason: string) => {
    events.emit("device", loaded.isNew ? undefined : sid, { reason });
    return denied();
  };
  if (loaded.isNew) return deny("no-session");
  if (jwt === undefined) return deny("proof-missing");
  const proof = verifyProof(jwt, {
    algorithms: binding.settings.algorithms,
    isAudience: (audience) => binding.isAudience(audience, facts),
    now,
  });
  if (typeof proof === "string") return deny(proof);
  const label = checkLabel(ring, "device-register", proof.challenge, [sid], now);
  if (label !== "good") return deny(`challenge-${label}`);
  // A second registration does not come from the browser that logged in.
  if (state.meta.device !== undefined) return deny("already-bound");
  const until = now + binding.settings.refresh;
  const record: DeviceRecord = { key: thumbprint(proof.key), since: now, until };
  context.changeMeta((meta) => {
    meta.device = record;
  });
  const commit = await context.commit();
  const identifier = identifierOf(proof.key);
  // The session ended while the proof was verified.
  if (state.issued === undefined) return ended(binding, identifier, commit);
  events.emit("device", sid, { reason: "bound" });
  return granted(binding, { sid, record, key: proof.key, commit, now });
}
