/** What every server keeps in its session: 40 bytes of JSON or so. */
export interface Visit {
  /** Which user it is. */
  n: number;
  user: string;
  views: number;
}

export const SECRET = "4uJxZ7Qm1vWc9Lr2Ks8Tn5Yb0Gd3Hf6Pa-Ei_Ox.Rw~V";

/** The session of user number `n`. */
export function visitOf(n: number): Visit {
  return { n, user: `u_${String(n).padStart(8, "0")}`, views: 1 };
}

/** The user that `/login?n=7` is for. */
export function userOf(url: string | undefined): number {
  return Number(/[?&]n=(\d+)/.exec(url ?? "")?.[1] ?? 0);
}

/** `/plain`: the session is not touched. */
export const PLAIN = { n: 0, views: 0 };

/** `/login`: the session is filled. */
export function login(session: Partial<Visit>, n: number): { n: number } {
  Object.assign(session, visitOf(n));
  return { n };
}

/** `/read`: the session is read. */
export function read({ n, views }: Partial<Visit>) {
  return { n, views };
}

/** `/write`: the session is read and written. */
export function write(session: Partial<Visit>) {
  session.views = (session.views ?? 0) + 1;
  return { n: session.n, views: session.views };
}
