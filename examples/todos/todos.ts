import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";

/** One todo. Its id is its index in the list, so ids start at 0 and have no gaps. */
export interface Todo {
  id: number;
  content: string;
}

const MAX_CONTENT = 200;

/** The id of this list. A restart begins another list with the same todo ids. */
export const LIST = randomUUID();

const todos: Todo[] = ["Wake up", "Take a shower", "Have breakfast"].map((content, id) => ({
  id,
  content,
}));

/** Emits every new todo as the event "todo". */
export const arrivals = new EventEmitter<{ todo: [Todo] }>().setMaxListeners(0);

export function addTodo(content: string): Todo {
  const todo = { id: todos.length, content };
  todos.push(todo);
  arrivals.emit("todo", todo);
  return todo;
}

/** Returns the todos after the one with this id. */
export function todosAfter(id: number): Todo[] {
  return todos.slice(id + 1);
}

/** Reads the content of a new todo, or describes what is wrong with it. */
export function readContent(body: unknown): { content: string } | { problem: string } {
  const content = typeof body === "object" && body !== null && "content" in body && body.content;
  if (typeof content !== "string") return { problem: 'Send {"content": "..."}.' };
  const trimmed = content.trim();
  if (trimmed === "") return { problem: "A todo needs some content." };
  if (trimmed.length > MAX_CONTENT) return { problem: `Use at most ${MAX_CONTENT} characters.` };
  return { content: trimmed };
}

/** Reads the id in a page's message `{"seen": id}`; -1 if there is no such todo. */
export function readSeen(message: unknown): number {
  const seen = typeof message === "object" && message !== null && "seen" in message && message.seen;
  return typeof seen === "number" && todos[seen] !== undefined ? seen : -1;
}

/** Reads the name and the checkbox of a page's sign-in form. */
export function readSignIn(body: unknown): { name: string; remember: boolean } {
  const { name, remember } = (body ?? {}) as { name?: unknown; remember?: unknown };
  const text = typeof name === "string" ? name.trim().slice(0, 40) : "";
  return { name: text, remember: remember === true };
}
