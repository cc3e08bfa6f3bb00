/**
 * Reads a whole number in decimal digits.
 *
 * @returns `undefined` if the text is not a number between `least` and `most`
 */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}
