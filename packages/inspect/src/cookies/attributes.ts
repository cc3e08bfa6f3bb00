import { COOKIE_LIMIT, MAX_AGE_LIMIT } from "@galleta/session/internals";

/**
 * Explains how browsers handle a Set-Cookie's attributes (RFC 6265bis §4.1), if that may surprise.
 *
 * @param attributes as written in the header: `Path=/`, `HttpOnly`
 * @param now in milliseconds since 1970
 */
export function remarkAttributes(
  name: string,
  attributes: readonly string[],
  now: number,
): string[] {
  const found = new Map(
    attributes.map((attribute) => {
      const [key = "", ...value] = attribute.split("=");
      return [key.trim().toLowerCase(), value.join("=").trim()] as const;
    }),
  );
  if (isDeletion(found, now)) return ["This Set-Cookie deletes the cookie."];
  const secure = found.has("secure");
  const site = found.get("samesite")?.toLowerCase();
  const remarks: string[] = [];
  const remark = (holds: boolean, text: string) => holds && remarks.push(text);
  remark(!found.has("httponly"), "Without HttpOnly, scripts of the page can read the cookie.");
  remark(!secure, "Without Secure, the cookie also travels over plain HTTP.");
  remark(site === undefined, "Without SameSite, browsers differ in when they send the cookie.");
  remark(site === "none" && !secure, "Browsers drop SameSite=None without Secure.");
  remark(found.has("partitioned") && !secure, "Browsers drop Partitioned without Secure.");
  remark(
    Number(found.get("max-age")) > MAX_AGE_LIMIT,
    "Browsers delete a cookie after 400 days at the latest.",
  );
  remark(
    breaksPrefix(name, found),
    "Browsers drop the cookie: a name with `__Secure-` or `__Host-` needs Secure, and `__Host-` also Path=/ and no Domain.",
  );
  return remarks;
}

/**
 * Explains what browsers do with a cookie of this size, if it is near or above their limit (RFC
 * 6265bis §6.1).
 */
export function remarkSize(bytes: number): string[] {
  if (bytes > COOKIE_LIMIT) return [`Browsers drop a cookie over ${COOKIE_LIMIT} bytes.`];
  return bytes > COOKIE_LIMIT * 0.9 ? ["The cookie is nearly as large as browsers allow."] : [];
}

function isDeletion(found: ReadonlyMap<string, string>, now: number): boolean {
  const maxAge = found.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  return Date.parse(found.get("expires") ?? "") <= now;
}

function breaksPrefix(name: string, found: ReadonlyMap<string, string>): boolean {
  if (!/^__(?:Secure|Host|Http|Host-Http)-/i.test(name)) return false;
  if (!found.has("secure")) return true;
  return /^__Host/i.test(name) && (found.has("domain") || found.get("path") !== "/");
}
