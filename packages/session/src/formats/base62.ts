const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Converts a number to Django's base-62 text, whose digits are 0-9, A-Z and a-z. */
export function toBase62(number: number): string {
  let text = "";
  let rest = Math.floor(number);
  do {
    text = DIGITS.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  } while (rest > 0);
  return text;
}

/**
 * Reads a base-62 number.
 * @returns `undefined` if the text is not such a number, has leading zeros, or is over 2^53 - 1
 */
export function fromBase62(text: string): number | undefined {
  if (text === "" || text.length > 9 || (text.length > 1 && text.startsWith("0"))) return undefined;
  let number = 0;
  for (const char of text) {
    const digit = DIGITS.indexOf(char);
    if (digit < 0) return undefined;
    number = number * 62 + digit;
  }
  return Number.isSafeInteger(number) ? number : undefined;
}
