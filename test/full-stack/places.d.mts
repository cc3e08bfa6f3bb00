export const EXAMPLES: string;
export const NAMES: readonly string[];
export const HOME: string;
