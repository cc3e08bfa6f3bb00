/** The head of the answer to a handshake. */
export function shake(port: number, path: string, headers?: readonly string[]): Promise<string>;
