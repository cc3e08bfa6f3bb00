import { SessionError } from "../errors.ts";
import type { MaybePromise } from "../maybe.ts";

/**
 * Asks a store, with a time limit.
 *
 * @param limit milliseconds; they start again once if this process was too busy to send the
 *   question
 * @throws SessionError `ERR_SESSION_STORE` (503) if the store fails or takes longer
 */
export async function askStore<Answer>(
  question: () => MaybePromise<Answer>,
  limit: number,
): Promise<Answer> {
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
    return await Promise.race([question(), late]);
  } catch (error) {
    throw error instanceof SessionError ? error : storeError("failed", error);
  } finally {
    clearTimeout(timer);
  }
}

function storeError(what: string, cause: unknown): SessionError<"ERR_SESSION_STORE"> {
  const options = { status: 503, ...(cause === undefined ? {} : { cause }) };
  return new SessionError("ERR_SESSION_STORE", `The session store ${what}.`, options);
}
