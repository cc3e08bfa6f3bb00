import { createFileRoute, useRouter } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { add, count, login, logout, read } from "../todos";

export const Route = createFileRoute("/")({ loader: () => read(), component: Home });

type Send = typeof login | typeof logout | typeof count | typeof add;

function Home() {
  const { user, todos, clicks, notice } = Route.useLoaderData();
  const router = useRouter();
  // Without JavaScript the browser posts the form to the address of the function.
  const sends = (send: Send) => ({
    method: "post" as const,
    encType: "multipart/form-data",
    action: send.url,
    async onSubmit(event: FormEvent<HTMLFormElement>) {
      event.preventDefault();
      await send({ data: new FormData(event.currentTarget) }).catch(() => {});
      await router.invalidate();
    },
  });
  return (
    <>
      <p id="user">{user}</p>
      <p id="clicks">{clicks}</p>
      <p id="notice">{notice}</p>
      <ul id="todos">
        {todos.map((todo) => (
          <li key={todo}>{todo}</li>
        ))}
      </ul>
      <form id="login" {...sends(login)}>
        <input name="user" aria-label="Name" />
        <button>Log in</button>
      </form>
      <form id="count" {...sends(count)}>
        <button>Count</button>
      </form>
      <form id="add" {...sends(add)}>
        <input name="text" aria-label="Todo" />
        <button>Add</button>
      </form>
      <form id="logout" {...sends(logout)}>
        <button>Log out</button>
      </form>
    </>
  );
}
