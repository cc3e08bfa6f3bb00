// What the adapter uses of Next.js, which is no dependency: this file is not published.
declare module "next/headers.js" {
  export function cookies(): Promise<{
    getAll(): { name: string; value: string }[];
    set(cookie: object): unknown;
  }>;
  export function headers(): Promise<Pick<Headers, "get">>;
}
