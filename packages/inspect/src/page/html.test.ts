import { describe, expect, it } from "vitest";
import { html } from "./html.ts";

describe("html", () => {
  it("escapes what is put in, in text and in attributes", () => {
    const text = `<img src=x onerror="alert('1')">&amp;`;
    expect(html`<p title="${text}">${text}</p>`.text).toBe(
      `<p title="${ESCAPED}">${ESCAPED}</p>`.replaceAll("\n", ""),
    );
  });
  it("takes what it made itself as it is, also in lists", () => {
    const items = ["<a>", "b"].map((item) => html`<b>${item}</b>`);
    expect(html`<p>${items}</p>`.text).toBe("<p><b>&lt;a&gt;</b><b>b</b></p>");
    expect(html`${1}${undefined}${""}`.text).toBe("1");
  });
  it("shows what a browser would not, or would turn around", () => {
    expect(html`${"a\u202eb\u0000\u200b\nc"}`.text).toBe("a\\u202eb\\u0000\\u200b\nc");
  });
  it("does not take an object for its own that only looks like it", () => {
    const fake = JSON.parse('{"text":"<b>"}') as never;
    expect(() => html`${fake}`).toThrow(TypeError);
  });
});

const ESCAPED = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;";
