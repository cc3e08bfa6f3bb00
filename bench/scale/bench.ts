import type { Options } from "../lib/options.ts";

export async function benchScale(_options: Options): Promise<void> {}
