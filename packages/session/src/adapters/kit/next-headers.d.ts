// The part of Next.js that the adapter uses. Next.js is not a dependency, and this file is not
// published.
declare module "next/headers.js" {
  export function cookies(): Promise<{
    getAll(): { name: string; value: string }[];
    set(cookie: object): unknown;
  }>;
  export function headers(): Promise<Pick<Headers, "get">>;
}
