/** The session of every server: about 40 bytes of JSON. */
export interface Visit {
  /** The number of the user. */
  n: number;
  user: string;
  views: number;
}

export const SECRET = "4uJxZ7Qm1vWc9Lr2Ks8Tn5Yb0Gd3Hf6Pa-Ei_Ox.Rw~V";

/** Returns the session of user number `n`. */
export function visitOf(n: number): Visit {
  return { n, user: `u_${String(n).padStart(8, "0")}`, views: 1 };
}

/** Returns the number in a URL such as `/login?n=7`. */
export function userOf(url: string | undefined): number {
  return Number(/[?&]n=(\d+)/.exec(url ?? "")?.[1] ?? 0);
}

let answers = 0;

/** The headers of a written session, with a new cookie of the same size each time. */
export function threeHeaders() {
  answers += 1;
  return {
    "Set-Cookie": `session=${String(answers).padStart(152, "U")}; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax`,
    "Cache-Control": "private, no-store",
    Vary: "Cookie",
  };
}

/** The view `/plain`, which does not use the session. */
export const PLAIN = { n: 0, views: 0 };

/** The view `/login`, which fills the session. */
export function login(session: Partial<Visit>, n: number): { n: number } {
  Object.assign(session, visitOf(n));
  return { n };
}

/** The view `/read`, which reads the session. */
export function read({ n, views }: Partial<Visit>) {
  return { n, views };
}

/** The view `/write`, which reads and changes the session. */
export function write(session: Partial<Visit>) {
  session.views = (session.views ?? 0) + 1;
  return { n: session.n, views: session.views };
}
