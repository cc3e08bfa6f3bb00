import { describe, expect, it } from "vitest";
import { html } from "./html.ts";

describe("html", () => {
  it("escapes values, in text and in attributes", () => {
    const text = `<img src=x onerror="alert('1')">&amp;`;
    expect(html`<p title="${text}">${text}</p>`.text).toBe(
      `<p title="${ESCAPED}">${ESCAPED}</p>`.replaceAll("\n", ""),
    );
  });
  it("inserts its own HTML unchanged, also in lists", () => {
    const items = ["<a>", "b"].map((item) => html`<b>${item}</b>`);
    expect(html`<p>${items}</p>`.text).toBe("<p><b>&lt;a&gt;</b><b>b</b></p>");
    expect(html`${1}${undefined}${""}`.text).toBe("1");
  });
  it("shows characters that a browser would hide or reverse", () => {
    expect(html`${"a\u202eb\u0000\u200b\nc"}`.text).toBe("a\\u202eb\\u0000\\u200b\nc");
  });
  it("escapes an object that only looks like its own HTML", () => {
    const fake = JSON.parse('{"text":"<b>"}') as never;
    expect(() => html`${fake}`).toThrow(TypeError);
  });
});

const ESCAPED = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;";
