const FIELDS = 10;

/**
 * Makes CSS variables with a background colour for each part of a token. The page also numbers the
 * parts, so it is usable without colours.
 */
function tints(saturation: number, lightness: number): string {
  return Array.from(
    { length: FIELDS },
    (_, index) => `--t${index}: hsl(${(index * 137 + 40) % 360} ${saturation}% ${lightness}%);`,
  ).join("");
}

/**
 * The page's style sheet. Contrasts are at least 4.5 to 1 (WCAG 1.4.3), in the light and the dark
 * colours.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f7f3ec; --card: #fffdf9; --line: #e4dac9; --ink: #2a2018; --soft: #695a48;
  --link: #7d4304; --good: #1d6b32; --note: #73500a; --bad: #a61b1b; --well: #f3ecdf;
  ${tints(75, 87)}
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #16120e; --card: #211b15; --line: #3d3329; --ink: #f1e9de; --soft: #b9aa97;
    --link: #f2b866; --good: #7fd495; --note: #ecc267; --bad: #ff9d92; --well: #191410;
    ${tints(38, 25)}
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 84rem; padding: 1.75rem 1.5rem 2.5rem; background: var(--bg);
  color: var(--ink); font: 0.9375rem/1.5 system-ui, sans-serif;
}
header { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; align-items: baseline; margin: 0 0 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.0625rem; margin: 0 0 0.75rem; display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; }
h3 { font-size: 0.875rem; margin: 1.25rem 0 0.375rem; color: var(--soft); }
p { margin: 0 0 0.75rem; }
header p, footer p { margin: 0; color: var(--soft); }
header p:last-child { margin-left: auto; }
footer { margin-top: 1.25rem; font-size: 0.875rem; }
a { color: var(--link); text-underline-offset: 0.2em; border-radius: 0.25rem; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; }
main { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 7fr) minmax(0, 5fr); align-items: start; }
.column { display: grid; gap: 1.25rem; }
@media (max-width: 62rem) { main { grid-template-columns: minmax(0, 1fr); } }
section { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.125rem 1.25rem; }
section > :last-child { margin-bottom: 0; }
code, pre, .mono { font-family: ui-monospace, "Cascadia Code", "DejaVu Sans Mono", monospace; font-size: 0.8125rem; }
p code, li code { background: var(--well); border-radius: 0.25rem; padding: 0.1em 0.3em; }
pre, .token {
  background: var(--well); border: 1px solid var(--line); border-radius: 0.5rem; margin: 0;
  padding: 0.75rem 0.875rem; white-space: pre-wrap; overflow-wrap: anywhere;
}
.token { display: block; line-height: 2; word-break: break-all; }
.part { padding: 0.2em 0.15em; border-radius: 0.25rem; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.part sup { font: 600 0.6875rem/1 system-ui, sans-serif; margin-right: 0.15em; user-select: none; -webkit-user-select: none; }
.number { display: inline-block; min-width: 1.5rem; text-align: center; border-radius: 0.25rem; font-weight: 600; }
${Array.from({ length: FIELDS }, (_, index) => `.t${index} { background: var(--t${index}); }`).join("\n")}
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.375rem 1.25rem; margin: 0 0 0.75rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
dd .aside, td .aside { color: var(--soft); }
meter { width: 9rem; height: 0.75rem; vertical-align: middle; margin-right: 0.5rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.8125rem; }
th, td { padding: 0.375rem 0.75rem 0.375rem 0; border-top: 1px solid var(--line); vertical-align: baseline; overflow-wrap: anywhere; }
thead th { border-top: 0; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.narrow { white-space: nowrap; }
@media (max-width: 40rem) {
  body { padding: 1rem 0.75rem 2rem; } section { padding: 1rem 0.875rem; }
  .narrow { white-space: normal; overflow-wrap: break-word; } th, td { padding-right: 0.5rem; }
  dl, li { grid-template-columns: minmax(0, 1fr); gap: 0.125rem; } dd { margin-bottom: 0.5rem; } li p { margin-top: 0.25rem; }
  header p:last-child { margin-left: 0; }
}
.badge { border: 1px solid currentColor; border-radius: 1rem; padding: 0.05rem 0.6rem; font-size: 0.8125rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); } .note { color: var(--note); } .bad { color: var(--bad); } .none { color: var(--soft); }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); padding: 0.625rem 0; display: grid; grid-template-columns: 6.25rem minmax(0, 1fr); }
li:first-child { border-top: 0; padding-top: 0; } li:last-child { padding-bottom: 0; }
li p { margin: 0; } .topic { margin-right: 0.25em; } li p + p { margin-top: 0.25rem; color: var(--soft); }
li .badge { justify-self: start; align-self: start; }
`;
