import type { Options } from "../lib/options.ts";

export async function benchWebSocket(_options: Options): Promise<void> {}
