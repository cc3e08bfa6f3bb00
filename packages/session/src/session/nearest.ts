/**
 * The name that was most likely meant. Upper and lower case and underscores do not count.
 * @returns `undefined` where none is near
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of names) {
    const other = plain(candidate);
    // "--work" means "--workers", however many letters are missing.
    const distance = wanted.length > 1 && other.startsWith(wanted) ? 0 : edits(wanted, other);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

const plain = (name: string): string => name.toLowerCase().replaceAll("_", "");

/** How many letters to insert, remove, change or swap with their neighbour (Damerau). */
function edits(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(
        at(above, column - 1) + change,
        at(above, column) + 1,
        at(line, column - 1) + 1,
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(before, column - 2) + 1);
      line.push(cost);
    }
    [before, above] = [above, line];
  }
  return at(above, b.length);
}

const at = (costs: readonly number[], index: number): number => costs[index] ?? 0;
