/**
 * Returns the name that the user probably meant. Case and underscores do not count.
 *
 * @returns `undefined` if no name is near
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  // A name is near if at most two letters differ, or at most a third of them.
  let least = Math.max(3, (wanted.length + 1) / 3);
  for (const candidate of names) {
    const other = plain(candidate);
    // "--work" counts as "--workers", however many letters are missing at the end.
    const distance = wanted.length > 1 && other.startsWith(wanted) ? 0 : edits(wanted, other);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/**
 * Returns a sentence for an unknown name, which suggests the name that the user probably meant.
 *
 * @param otherwise the sentence if no name is near
 */
export function hintFor(
  name: string,
  names: readonly string[],
  otherwise = `Known are ${names.join(", ")}.`,
): string {
  const meant = nearest(name, names);
  return meant === undefined ? otherwise : `Did you mean ${meant}?`;
}

const plain = (name: string): string => name.toLowerCase().replaceAll("_", "");

/** Returns the edit distance: letters to insert, remove, change or swap (Damerau). */
function edits(a: string, b: string): number {
  const costs: number[][] = [];
  // Cells outside the table are unreachable.
  const at = (row: number, column: number) => costs[row]?.[column] ?? Infinity;
  for (let row = 0; row <= a.length; row += 1) {
    const line: number[] = (costs[row] = []);
    for (let column = 0; column <= b.length; column += 1) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line[column] = Math.min(
        row + column === 0 ? 0 : Infinity,
        at(row - 1, column - 1) + change,
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        swapped ? at(row - 2, column - 2) + 1 : Infinity,
      );
    }
  }
  return at(a.length, b.length);
}
