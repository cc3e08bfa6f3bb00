import { subscribe } from "node:diagnostics_channel";
import type { SessionEvent } from "@galleta/session";

const KEEP_EVENTS = 200;
/** How many minutes the inspector keeps session events. */
export const KEEP_MINUTES = 10;

/** Keeps the session events of the last minutes, at most {@link KEEP_EVENTS}. */
export class Recorder {
  #events: SessionEvent[] = [];
  #isPaused = false;

  record(event: SessionEvent): void {
    if (this.#isPaused) return;
    this.#events.push(event);
    if (this.#events.length > KEEP_EVENTS) this.#events.shift();
  }

  /** Returns the session events of the last minutes, newest first. */
  recent(now: number): readonly SessionEvent[] {
    this.#events = this.#events.filter(({ at }) => at > now - KEEP_MINUTES * 60_000);
    return this.#events.toReversed();
  }

  /**
   * Runs a function whose events are not recorded, because the inspector itself causes them by
   * reading the session.
   */
  unrecorded<Result>(look: () => Result): Result {
    this.#isPaused = true;
    try {
      return look();
    } finally {
      this.#isPaused = false;
    }
  }
}

let shared: Recorder | undefined;

/** Returns the recorder of this process, which receives the events of all apps. */
export function sharedRecorder(): Recorder {
  if (shared !== undefined) return shared;
  const recorder = new Recorder();
  subscribe("galleta:session", (event) => recorder.record(event as SessionEvent));
  return (shared = recorder);
}
