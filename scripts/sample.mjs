// Draws doc comments and messages of the packages at random, so that a reader can count how many
// must be read twice. usage: npm run sample -- [seed] [count]
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const seed = Number(process.argv[2] ?? 17);
const count = Number(process.argv[3] ?? 40);

const COMMENT = /\/\*[^]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;
const TEXT = /"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/.source;
/** One string, or several that are joined with `+`. */
const TEXTS = new RegExp(`(?:${TEXT})(?:\\s*\\+\\s*(?:${TEXT}))*`, "g");
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
  const code = text.replaceAll(COMMENT, (comment) => comment.replaceAll(/[^\n]/g, " "));
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
