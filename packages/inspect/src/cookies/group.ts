import { MAX_CHUNKS, looksLikeToken } from "@galleta/session/internals";
import type { CookieInput } from "./input.ts";

/** The cookies of one session: first the main cookie, then its chunks or its signature. */
export interface CookieGroup {
  readonly members: readonly [CookieInput, ...CookieInput[]];
  /**
   * True if the first cookie contains a Galleta token. The other cookies are then its further
   * chunks.
   */
  readonly isToken: boolean;
  /**
   * True if the input has two cookies with the name of the main cookie, and their values differ.
   */
  readonly isAmbiguous: boolean;
}

/** Groups the cookies of each session: a main cookie with its chunks, or with its signature. */
export function groupCookies(inputs: readonly CookieInput[]): CookieGroup[] {
  const byName = new Map<string | undefined, CookieGroup>();
  const claimed = new Set<string | undefined>();
  const values = new Map(inputs.map((input) => [input.name, input]));
  for (const input of inputs) {
    const before = byName.get(input.name);
    if (before !== undefined) {
      const isAmbiguous = before.isAmbiguous || before.members[0].value !== input.value;
      byName.set(input.name, { ...before, isAmbiguous });
      continue;
    }
    const isToken = looksLikeToken(input.value);
    const companions: CookieInput[] = [];
    for (const name of companionNames(input, isToken)) {
      const companion = values.get(name);
      if (companion === undefined) break;
      claimed.add(name);
      companions.push(companion);
    }
    byName.set(input.name, { members: [input, ...companions], isToken, isAmbiguous: false });
  }
  return [...byName].filter(([name]) => !claimed.has(name)).map(([, group]) => group);
}

function companionNames({ name }: CookieInput, isToken: boolean): string[] {
  if (name === undefined) return [];
  if (!isToken) return [`${name}.sig`];
  return Array.from({ length: MAX_CHUNKS - 1 }, (_, index) => `${name}.${index + 1}`);
}
