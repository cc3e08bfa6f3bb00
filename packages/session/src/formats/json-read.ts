import type { JsonObject, JsonValue } from "../session/format.ts";
import { MAX_DEPTH, MAX_JSON_BYTES } from "./bounds.ts";
import { escapeLookalike, isForeignNumber, NUMBER_KEY, type NumberStyle } from "./numbers.ts";

/**
 * Parses the JSON object of a session that another framework wrote.
 *
 * `JSON.parse` would round large integers of Python and Ruby, reject Python's NaN, accept any depth
 * and keep `__proto__`. This parser reads the same grammar (RFC 8259) without these faults.
 *
 * @returns `undefined` if the text is not a JSON object, or is too long or too deep
 */
export function parseForeignObject(text: string, style: NumberStyle): JsonObject | undefined {
  if (text.length > MAX_JSON_BYTES) return undefined;
  try {
    return new Reader(text, style).session();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null|NaN|Infinity|-Infinity/y;

class Reader {
  readonly #text: string;
  readonly #style: NumberStyle;
  #at = 0;
  #depth = 0;

  constructor(text: string, style: NumberStyle) {
    this.#text = text;
    this.#style = style;
  }

  session(): JsonObject {
    this.#space();
    const session = this.#object();
    this.#space();
    if (this.#at !== this.#text.length) throw new SyntaxError("text after the session");
    return session;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #need(char: string): void {
    if (!this.#take(char)) throw new SyntaxError(`no ${char}`);
  }

  #value(): JsonValue {
    this.#space();
    const value = this.#bare();
    this.#space();
    return value;
  }

  #bare(): JsonValue {
    switch (this.#text[this.#at]) {
      case "{":
        return escapeLookalike(this.#object(), this.#style);
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      default:
        return this.#literal();
    }
  }

  #object(): JsonObject {
    this.#need("{");
    this.#enter();
    const object: JsonObject = {};
    this.#space();
    if (!this.#take("}")) {
      do {
        this.#space();
        const key = this.#string();
        this.#space();
        this.#need(":");
        const value = this.#value();
        // Assigning this key would change the object's prototype.
        if (key !== "__proto__") object[key] = value;
      } while (this.#take(","));
      this.#need("}");
    }
    this.#depth -= 1;
    return object;
  }

  #array(): JsonValue {
    this.#need("[");
    this.#enter();
    const array: JsonValue[] = [];
    this.#space();
    if (!this.#take("]")) {
      do array.push(this.#value());
      while (this.#take(","));
      this.#need("]");
    }
    this.#depth -= 1;
    return array;
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new SyntaxError("too deep");
  }

  #string(): string {
    const start = this.#at;
    this.#need('"');
    let escaped = false;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      // At the end of the text the code is NaN, which also ends here.
      if (!(code >= 0x20)) throw new SyntaxError("a string without an end");
      this.#at += 1;
      if (code === 0x22) break;
      if (code !== 0x5c) continue;
      escaped = true;
      this.#at += 1;
    }
    if (!escaped) return this.#text.slice(start + 1, this.#at - 1);
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #literal(): JsonValue {
    const word = this.#match(WORD)?.[0];
    switch (word) {
      case undefined:
        return this.#number();
      case "true":
        return true;
      case "false":
        return false;
      case "null":
        return null;
      default:
        if (!isForeignNumber(word, this.#style)) throw new SyntaxError("not a JSON number");
        return { [NUMBER_KEY]: word };
    }
  }

  #number(): JsonValue {
    const found = this.#match(NUMBER);
    if (found === null) throw new SyntaxError("not a JSON value");
    const [literal, fraction, exponent] = found;
    const number = Number(literal);
    const whole = fraction === undefined && exponent === undefined;
    if (whole && isForeignNumber(literal, this.#style)) return { [NUMBER_KEY]: literal };
    if (!Number.isFinite(number)) throw new SyntaxError("a number too large for a double");
    // Only floats have a negative zero.
    return whole && number === 0 && this.#style !== "js" ? 0 : number;
  }
}
