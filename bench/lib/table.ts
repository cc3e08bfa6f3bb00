/** Prints a Markdown table that is also readable as plain text. The first column is text. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly string[][],
): void {
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? "").length)));
  const pad = (cell: string, i: number) =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  const render = (line: readonly string[]) =>
    `| ${head.map((_, i) => pad(line[i] ?? "", i)).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  console.log(`\n### ${title}\n`);
  console.log([render(head), rule, ...rows.map(render)].join("\n"));
}

/** Prints which part could not run, and why. */
export function printSkipped(what: string, why: string): void {
  console.log(`\n> Not run: ${what}. ${why}`);
}
