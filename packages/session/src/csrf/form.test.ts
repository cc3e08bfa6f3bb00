import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { CSRF_FIELD, findFormToken, isForm } from "./form.ts";

const URLENCODED = "application/x-www-form-urlencoded";
const TOKEN = "8PHy8_T19vf4-fr7_P3-_w";

const find = (type: string | undefined, body: string) => findFormToken(type, Buffer.from(body));

describe("urlencoded", () => {
  it.each([
    ["alone", `csrf_token=${TOKEN}`],
    ["among others", `a=1&csrf_token=${TOKEN}&b=2`],
    ["its name encoded", `csrf%5Ftoken=${TOKEN}`],
    ["after empty pairs", `&&=&csrf_token=${TOKEN}`],
    ["after broken encoding", `a=%zz&csrf_token=${TOKEN}`],
  ])("finds the field %s", async (_what, body) => {
    expect(await find(URLENCODED, body)).toBe(TOKEN);
  });

  it.each([
    ["in any case", "Application/X-WWW-Form-URLencoded"],
    ["with parameters", `${URLENCODED}; charset=UTF-8`],
    ["with space", ` ${URLENCODED} ;`],
  ])("takes the type %s", async (_what, type) => {
    expect(await find(type, `csrf_token=${TOKEN}`)).toBe(TOKEN);
  });

  it.each([
    ["missing", "a=1"],
    ["twice", `csrf_token=${TOKEN}&csrf_token=${TOKEN}`],
    ["another's case", `CSRF_TOKEN=${TOKEN}`],
    ["part of a name", `xcsrf_token=${TOKEN}&csrf_token[]=${TOKEN}`],
    ["in an empty body", ""],
  ])("does not find a field that is %s", async (_what, body) => {
    expect(await find(URLENCODED, body)).toBeUndefined();
  });

  it("gives a value as it was sent, decoded once", async () => {
    expect(await find(URLENCODED, "csrf_token=a%2Bb+c%2525")).toBe("a+b c%25");
    expect(await find(URLENCODED, "csrf_token")).toBe("");
  });
});

describe("multipart", () => {
  async function encode(form: FormData): Promise<[string, Buffer<ArrayBuffer>]> {
    const response = new Response(form);
    return [response.headers.get("content-type")!, Buffer.from(await response.arrayBuffer())];
  }

  it("finds the field among files, and leaves the bytes as they are", async () => {
    const form = new FormData();
    form.append("photo", new File([new Uint8Array(100_000).fill(7)], "a.png"));
    form.append(CSRF_FIELD, TOKEN);
    form.append("note", 'name="csrf_token"\r\n\r\nforged');
    const [type, body] = await encode(form);
    const before = Buffer.from(body);
    expect(await findFormToken(type, body)).toBe(TOKEN);
    expect(body.equals(before)).toBe(true);
    expect(
      (await new Response(body, { headers: { "content-type": type } }).formData()).get("note"),
    ).toBe('name="csrf_token"\r\n\r\nforged');
  });

  it("ignores a file, and a field that occurs twice", async () => {
    const file = new FormData();
    file.append(CSRF_FIELD, new File([TOKEN], "token.txt"));
    expect(await findFormToken(...(await encode(file)))).toBeUndefined();
    const two = new FormData();
    two.append(CSRF_FIELD, TOKEN);
    two.append(CSRF_FIELD, "other");
    expect(await findFormToken(...(await encode(two)))).toBeUndefined();
  });

  const part = `--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n${TOKEN}\r\n--b--\r\n`;
  it("reads a body written by hand", async () => {
    expect(await find("Multipart/Form-Data; boundary=b", part)).toBe(TOKEN);
    expect(await find('multipart/form-data; boundary="b"', part)).toBe(TOKEN);
  });

  it.each([
    ["no boundary", "multipart/form-data", part],
    ["another boundary", "multipart/form-data; boundary=c", part],
    ["a body that stops", "multipart/form-data; boundary=b", part.slice(0, 60)],
    ["no multipart at all", "multipart/form-data; boundary=b", "csrf_token=a"],
    ["a type with a line break", "multipart/form-data; boundary=b\r\nx: y", part],
    ["a type beyond Latin-1", "multipart/form-data; boundary=\u0100", part],
  ])("gives nothing for %s", async (_what, type, body) => {
    expect(await find(type, body)).toBeUndefined();
  });
});

it.each([undefined, "", "text/plain", "application/json", "multipart/mixed; boundary=b", ";"])(
  "gives nothing for the type %j",
  async (type) => {
    expect(await find(type, `csrf_token=${TOKEN}`)).toBeUndefined();
  },
);

it.each([
  ["application/x-www-form-urlencoded", true],
  ["application/x-www-form-urlencoded;charset=utf-8", true],
  ["Multipart/Form-Data ; boundary=x", true],
  ["application/x-www-form-urlencodedX", false],
  ["text/plain, application/x-www-form-urlencoded", false],
  ["", false],
  [undefined, false],
])("recognizes a form by its type: %s", (type, is) => {
  expect(isForm(type)).toBe(is);
});
