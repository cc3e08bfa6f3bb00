import { SessionError } from "../errors.ts";
import type { MaybePromise } from "../maybe.ts";

/**
 * Asks a store, with a time limit.
 *
 * @param limit milliseconds; the time starts once more if this process was too busy to send the
 *   question
 * @throws SessionError `ERR_SESSION_STORE` (503) if the store fails or takes longer
 */
export async function askStore<Answer>(
  question: () => MaybePromise<Answer>,
  limit: number,
): Promise<Answer> {
  try {
    const asked = question();
    // A store in this process answers without a promise, and needs no timer.
    if (!isPromise(asked)) return asked;
    return await inTime(asked, limit);
  } catch (error) {
    throw error instanceof SessionError ? error : storeError("failed", error);
  }
}

async function inTime<Answer>(asked: PromiseLike<Answer>, limit: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(storeError("did not answer in time", undefined));
    const due = performance.now() + limit;
    timer = setTimeout(() => {
      // A process that was busy may have sent the question only now, so its time starts again.
      const wasBusy = performance.now() - due > limit / 10;
      timer = setTimeout(giveUp, wasBusy ? limit : 0);
    }, limit);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** True for promises of any kind: some database clients have their own promise class. */
function isPromise<Answer>(asked: MaybePromise<Answer>): asked is Promise<Answer> {
  return typeof (asked as Partial<Promise<Answer>> | undefined | null)?.then === "function";
}

function storeError(what: string, cause: unknown): SessionError<"ERR_SESSION_STORE"> {
  const options = { status: 503, ...(cause === undefined ? {} : { cause }) };
  return new SessionError("ERR_SESSION_STORE", `The session store ${what}.`, options);
}
