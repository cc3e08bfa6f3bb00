import { headers } from "next/headers";
import { getSession } from "@/lib/session";
import { add, count, login, logout } from "./actions";
import { Ready } from "./ready";

export default async function Page() {
  const { user = "nobody", todos = [], counts } = await getSession();
  const notice = (await headers()).get("x-notice");
  return (
    <>
      <Ready />
      <p id="user">{user}</p>
      <p id="clicks">{counts?.clicks ?? 0}</p>
      <p id="notice">{notice === null ? "" : decodeURIComponent(notice)}</p>
      <ul id="todos">
        {todos.map((todo) => (
          <li key={todo}>{todo}</li>
        ))}
      </ul>
      <form id="login" action={login}>
        <input name="user" aria-label="Name" />
        <button>Log in</button>
      </form>
      <form id="count" action={count}>
        <button>Count</button>
      </form>
      <form id="add" action={add}>
        <input name="text" aria-label="Todo" />
        <button>Add</button>
      </form>
      <form id="logout" action={logout}>
        <button>Log out</button>
      </form>
    </>
  );
}
