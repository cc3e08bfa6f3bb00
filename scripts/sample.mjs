// Draws doc comments and messages of the packages at random, so that a reader can count how many
// must be read twice. usage: npm run sample -- [seed] [count]
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const seed = Number(process.argv[2] ?? 17);
const count = Number(process.argv[3] ?? 40);

const COMMENT = /\/\*[^]*?\*\/|\/\/[^\n]*/.source;
/** A regular expression, by what stands before it: a quotation mark in one starts no string. */
const REGEXP =
  /(?<=[(,=:[!&|?;{}]\s*|=>\s*|\breturn\s+)\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//.source;
/** A template. Its expressions may contain templates, three deep. */
const TEMPLATE = [1, 2, 3].reduce(
  (inner) =>
    /`(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^`{}]|\{[^{}]*\}|INNER)*\})*`/.source.replace(
      "INNER",
      () => inner,
    ),
  /`(?:[^`\\]|\\.)*`/.source,
);
const TEXT = `"(?:[^"\\\\\\n]|\\\\.)*"|${TEMPLATE}`;
/** One string, or several that are joined with `+`. */
const TEXTS = new RegExp(`(?:${TEXT})(?:\\s*\\+\\s*(?:${TEXT}))*`, "g");
/** The group is what is not read: a comment or a regular expression. */
const TOKENS = new RegExp(`(${COMMENT}|${REGEXP})|${TEXT}`, "g");
/** Four words in a row, as in a sentence. Keys, paths and SQL in capitals do not match. */
const SENTENCE = /(?:[\w`'-]+,? ){3}[\w`'-]+/;

const files = ["session", "galleta", "inspect"].flatMap((name) => {
  const folder = join(root, "packages", name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(path))
    .map((path) => join(folder, path))
    .toSorted();
});

const docs = [];
const messages = [];
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const place = (at) => `${relative(root, file)}:${text.slice(0, at).split("\n").length}`;
  for (const { 0: found, index } of text.matchAll(/(?<=^[ \t]*)\/\*\*[^]*?\*\//gm)) {
    docs.push({ place: place(index), text: found.replaceAll(/^ {2,}/gm, " ") });
  }
  const code = text.replaceAll(TOKENS, (token, skipped) =>
    skipped === undefined ? token : token.replaceAll(/[^\n]/g, " "),
  );
  for (const { 0: found, index } of code.matchAll(TEXTS)) {
    if (SENTENCE.test(found)) messages.push({ place: place(index), text: found });
  }
}

/** Returns numbers from 0 to 1 that depend only on the seed (mulberry32). */
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function draw(all) {
  const pool = [...all];
  return Array.from(
    { length: Math.min(count, pool.length) },
    () => pool.splice(Math.floor(random() * pool.length), 1)[0],
  );
}

for (const [title, all] of [
  ["doc comments", docs],
  ["messages", messages],
]) {
  console.log(`\n== ${count} of ${all.length} ${title}, seed ${seed}`);
  for (const [index, it] of draw(all).entries()) {
    console.log(`\n${index + 1}. ${it.place}\n${it.text}`);
  }
}
