/**
 * Parses a whole number that is written in decimal digits.
 *
 * @returns the number; `undefined` if the text is not a whole number from `least` to `most`
 */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}
