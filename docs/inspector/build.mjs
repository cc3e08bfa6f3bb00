// Builds the page that inspects cookies, as one file that loads nothing else. Its policy forbids
// all requests, so a key that a user types cannot leave the page. `node build.mjs <folder>` names
// the output folder.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createSessions } from "@galleta/session";
import { build } from "esbuild";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const KEY = "the key of the example, which signs nothing else";

const sessions = createSessions({ secretKey: KEY, maxAge: null });
const example = sessions.open("");
Object.assign(example.session, { user: "alice", cart: [{ item: "alfajor", count: 2 }] });
const [setCookie = ""] = example.commit().setCookie;

const bundle = (entry, define = {}) =>
  build({
    entryPoints: [path(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: entry.endsWith(".ts") ? "esm" : "iife",
    target: "es2022",
    define,
    alias: {
      "@galleta/session": path("session.mjs"),
      "@galleta/session/formats": path("../../packages/session/src/formats"),
      "@galleta/session/internals": path("../../packages/session/src/internals.ts"),
      "node:buffer": path("buffer.mjs"),
      "node:crypto": path("crypto.mjs"),
      "node:diagnostics_channel": path("nothing.mjs"),
      "node:zlib": path("zlib.mjs"),
    },
  }).then(({ outputFiles: [file] }) => file.text.trim());

const script = await bundle("main.mjs", { __EXAMPLE__: JSON.stringify(setCookie) });
const styleModule = await bundle("../../packages/inspect/src/page/style.ts");
const { STYLE } = await import(`data:text/javascript,${encodeURIComponent(styleModule)}`);
const style = `${STYLE}
label, legend { display: block; font-weight: 600; margin: 0 0 0.25rem; }
textarea, input {
  width: 100%; font: 0.8125rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; color: var(--ink);
  background: var(--well); border: 1px solid var(--soft); border-radius: 0.5rem; padding: 0.5rem 0.75rem;
  margin: 0 0 0.875rem;
}
button {
  font: inherit; font-weight: 600; color: var(--link); background: var(--card); cursor: pointer;
  border: 1px solid currentColor; border-radius: 0.5rem; padding: 0.375rem 0.875rem;
}
textarea:focus-visible, input:focus-visible, button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
#report { display: grid; gap: 1.25rem; }`;

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>Look into a session cookie | Galleta</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1>Look into a session cookie</h1>
<p><a href="../inspect">What it knows</a></p>
</header>
<main>
<div class="column">
<section aria-labelledby="input">
<h2 id="input">Cookie and key</h2>
<label for="cookie">Cookie: a value, name=value, or a Cookie or Set-Cookie header</label>
<textarea id="cookie" rows="7" autocomplete="off" autocapitalize="off" spellcheck="false"></textarea>
<label for="key">Key, and older keys, one on each line</label>
<textarea id="key" rows="2" autocomplete="off" autocapitalize="off" spellcheck="false"></textarea>
<label for="name">Name of the cookie, for a value without one</label>
<input id="name" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="session">
<p><button id="example" type="button">Try an example</button></p>
<p>This page works in your browser alone. Its Content Security Policy forbids every request, so that
neither the cookie nor the key can leave it. You can save it and open it offline.</p>
</section>
</div>
<div id="report" class="column" role="region" aria-live="polite" aria-label="What the cookie holds"></div>
</main>
<script>${script}</script>
</body>
</html>
`;
const folder = process.argv[2] ?? path("../.vitepress/dist/inspector");
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/index.html`, page);
