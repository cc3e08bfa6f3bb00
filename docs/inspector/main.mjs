// Shows the content of a pasted cookie. The inspector's own code reads and verifies it.
import { inspectCookies } from "../../packages/inspect/src/cookies/inspect.ts";
import { REASONS } from "../../packages/inspect/src/cookies/reasons.ts";
import { html } from "../../packages/inspect/src/page/html.ts";
import { at, renderCookie, size } from "../../packages/inspect/src/page/page-session.ts";

const BADGES = {
  valid: ["Valid", "good"],
  rejected: ["Rejected", "bad"],
  unverified: ["Not verified", "note"],
  unknown: ["Unknown", "none"],
};
const UNVERIFIED =
  "Without a key nothing is verified: anyone may have written this cookie. Enter its key below it.";

/** A cookie that the key next to it signed, without an expiry. */
const EXAMPLE = {
  key: "the key of the example, which signs nothing else",
  cookie: __EXAMPLE__,
};

function renderReport(report, index) {
  const now = new Date();
  return html`<section aria-labelledby="verdict-${index}">
      <h2 id="verdict-${index}">
        ${report.name === undefined ? "The cookie" : html`<code>${report.name}</code>`}
        <span class="badge ${BADGES[report.status][1]}">${BADGES[report.status][0]}</span>
      </h2>
      ${explain(report)}
      <dl>${rows(report, now)} ${size(report)}</dl>
      ${pre(report.dataIsVerified ? "Data" : "Data, not verified", report.data)}
      ${pre("Kept beside the data", report.metadata)}
    </section>
    ${renderCookie(report, index, false)}`;
}

function explain({ status, reason }) {
  if (status === "unverified") return html`<p>${UNVERIFIED}</p>`;
  if (reason === undefined) return html``;
  return html`<p>${REASONS[reason].what}</p>
    <p>${REASONS[reason].todo}</p>`;
}

function rows(report, now) {
  const time = (date) => (date === null ? "never by itself" : date && at(date, now));
  return [
    ["Kind", [report.format, report.kind].filter(Boolean).join(", ")],
    ["Id", report.id],
    ["Revision", report.revision],
    ["Began", time(report.createdAt)],
    ["Issued", time(report.issuedAt)],
    ["Expires", time(report.expiresAt)],
    ["Key", report.keyId && `${report.keyId}, a hint`],
    ["Data", report.isStored ? "in the app's store" : undefined],
    ["Attributes", report.attributes?.join("; ")],
  ]
    .filter(([, value]) => value !== undefined)
    .map(
      ([label, value]) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd>`,
    );
}

const pre = (title, value) =>
  value === undefined
    ? html``
    : html`<h3>${title}</h3>
        <pre>${JSON.stringify(value, null, 2)}</pre>`;

const field = (id) => document.getElementById(id);
const linesOf = (text) => text.split("\n").filter((line) => line.trim() !== "");

function look() {
  const name = field("name").value.trim();
  const options = { secretKey: linesOf(field("key").value), name: name === "" ? undefined : name };
  let reports = [];
  let failure = "";
  try {
    reports = inspectCookies(field("cookie").value, options);
  } catch (error) {
    failure = error.message;
  }
  const isEmpty = field("cookie").value.trim() === "";
  const none = failure || "There is no cookie in this text.";
  field("report").innerHTML =
    reports.length === 0 && !isEmpty
      ? html`<section><p>${none}</p></section>`.text
      : html`${reports.map(renderReport)}`.text;
}

for (const id of ["cookie", "key", "name"]) field(id).addEventListener("input", look);
field("example").addEventListener("click", () => {
  field("cookie").value = EXAMPLE.cookie;
  field("key").value = EXAMPLE.key;
  field("name").value = "";
  look();
});
look();
