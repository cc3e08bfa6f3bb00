import { isBranded } from "./copies.ts";

const MASK = "**********";
const BRAND: unique symbol = Symbol.for("galleta.secret");

/**
 * A string that hides itself. `String()`, templates, `JSON.stringify`, `util.inspect`, error
 * messages and structured clones all give `**********`. Only {@link Secret.reveal} returns the
 * value.
 *
 * @example
 * ```ts
 * const key = new Secret("correct horse battery staple");
 * `${key}`;       // "**********"
 * key.reveal();   // "correct horse battery staple"
 * ```
 */
export class Secret {
  // A private field is not enumerable, not cloned by structuredClone and not shown by inspect.
  readonly #value: string;

  /**
   * @param value the text to protect
   * @throws TypeError if `value` is not a string; the message does not show it
   */
  constructor(value: string) {
    if (typeof value !== "string") throw new TypeError("A Secret needs a string.");
    this.#value = value;
  }

  /** True for a secret, also if another installed copy of this package made it. */
  static [Symbol.hasInstance](value: unknown): value is Secret {
    return isBranded(this, BRAND, value);
  }

  /**
   * Marks this object as a secret for other installed copies of this package.
   * @internal
   */
  get [BRAND](): true {
    return true;
  }

  /**
   * Returns the protected text. No other member does, so a search for `reveal(` finds every use.
   */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Secret(${MASK})`;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return `Secret(${MASK})`;
  }
}
