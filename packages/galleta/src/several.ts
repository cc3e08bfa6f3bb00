import { SessionError } from "@galleta/session";
import {
  begin,
  FetchSession,
  joinCommits,
  type Commit,
  type Reply,
} from "@galleta/session/adapter";
import type { Core } from "./core.ts";

type Held = FetchSession<never>;
type Later<Value> = Value | Promise<Value>;

/**
 * The first of several sessions of a request. This object also checks, loads and saves the others.
 */
export class FirstOfSeveral<Data> extends FetchSession<Data> {
  readonly others: readonly Held[];
  /**
   * The result of saving each session, once it is saved. A session returns its cookies only once,
   * and if saving another session fails, the error response still needs these cookies.
   */
  readonly #commits = new Map<object, Commit>();

  constructor(core: Core, request: ConstructorParameters<typeof FetchSession>[1]) {
    super(core.sessions as never, request);
    this.others = core.otherSessions.map((sessions) => new FetchSession(sessions, request));
  }

  /**
   * Checks the request for the other sessions and loads them, before the view runs. Returns a
   * response that must be sent instead of calling the view, if there is one.
   */
  async beginOthers(): Promise<Reply | undefined> {
    for (const each of this.others) {
      const reply = await begin(each);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  override commit(): Later<Commit> {
    const commits = [
      this.#once(this, () => super.commit()),
      ...this.others.map((each) => this.#once(each, () => each.commit())),
    ];
    return commits.some((each) => each instanceof Promise)
      ? Promise.all(commits).then(joinCommits)
      : joinCommits(commits as Commit[]);
  }

  #once(held: object, commit: () => Later<Commit>): Later<Commit> {
    const known = this.#commits.get(held);
    if (known !== undefined) return known;
    const keep = (made: Commit) => {
      this.#commits.set(held, made);
      return made;
    };
    const made = commit();
    return made instanceof Promise ? made.then(keep) : keep(made);
  }
}

/**
 * Returns the object that loads and saves all sessions of a request; `undefined` if the app has no
 * sessions.
 */
export function holdSessions<Data>(
  core: Core,
  request: ConstructorParameters<typeof FetchSession>[1],
): FetchSession<Data> | undefined {
  if (core.sessions === undefined) return undefined;
  return core.otherSessions.length === 0
    ? new FetchSession<Data>(core.sessions as never, request)
    : new FirstOfSeveral<Data>(core, request);
}

/** Loads all sessions of a request from their stores. */
export async function loadSessions(held: FetchSession<never> | undefined): Promise<void> {
  const others = held instanceof FirstOfSeveral ? held.others : [];
  for (const each of held === undefined ? [] : [held, ...others]) await each.context.load();
}

/**
 * Adds the property of a further session, such as `req.admin`, to a request or a socket.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if requests or sockets already have a property of this
 *   name
 */
export function defineOther(target: object, property: string, session: () => unknown): void {
  if (property in target) {
    throw new SessionError(
      "ERR_SESSION_OPTION",
      `Requests and sockets already have a property "${property}". Give the session another property.`,
    );
  }
  Object.defineProperty(target, property, { get: session, enumerable: true });
}
