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

/** The first session of a request, with the sessions beside it. */
export class FirstOfSeveral<Data> extends FetchSession<Data> {
  readonly others: readonly Held[];
  /** A commit gives its cookies once. The answer to the failure of one session owes those of the rest. */
  readonly #commits = new Map<object, Commit>();

  constructor(core: Core, request: ConstructorParameters<typeof FetchSession>[1]) {
    super(core.sessions as never, request);
    this.others = core.otherSessions.map((sessions) => new FetchSession(sessions, request));
  }

  /** Does for the other sessions what comes before a view. */
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

/** Holds the session of a request, and those beside it. */
export function holdSessions<Data>(
  core: Core,
  request: ConstructorParameters<typeof FetchSession>[1],
): FetchSession<Data> | undefined {
  if (core.sessions === undefined) return undefined;
  return core.otherSessions.length === 0
    ? new FetchSession<Data>(core.sessions as never, request)
    : new FirstOfSeveral<Data>(core, request);
}

/** Reads all sessions of a request. */
export async function loadSessions(held: FetchSession<never> | undefined): Promise<void> {
  const others = held instanceof FirstOfSeveral ? held.others : [];
  for (const each of held === undefined ? [] : [held, ...others]) await each.context.load();
}

/**
 * Gives a request or socket the property of a session beside the first.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if it has a property of that name
 */
export function defineOther(target: object, property: string, session: () => unknown): void {
  if (property in target) {
    throw new SessionError(
      "ERR_SESSION_OPTION",
      `Requests and sockets have a property "${property}" already. Give the session another property.`,
    );
  }
  Object.defineProperty(target, property, { get: session, enumerable: true });
}
