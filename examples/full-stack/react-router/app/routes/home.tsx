import { destroy, flash, renew } from "@galleta/session";
import { Form, redirect } from "react-router";
import { getSession } from "../session.server";
import type { Route } from "./+types/home";

export function loader({ context }: Route.LoaderArgs) {
  const session = getSession(context);
  const { user = "nobody", todos = [], counts } = session;
  return {
    user,
    todos: [...todos],
    clicks: counts?.clicks ?? 0,
    notice: String(flash(session, "notice") ?? ""),
  };
}

export async function action({ context, request }: Route.ActionArgs) {
  const session = getSession(context);
  const form = await request.formData();
  switch (form.get("intent")) {
    case "login":
      renew(session);
      session.user = String(form.get("user"));
      return redirect("/");
    case "logout":
      destroy(session);
      return redirect("/");
    case "add":
      session.todos = [...(session.todos ?? []), String(form.get("text"))];
      flash(session, "notice", "Added");
      return redirect("/");
    default:
      (session.counts ??= { clicks: 0 }).clicks += 1;
      return null;
  }
}

export default function Home({ loaderData }: Route.ComponentProps) {
  return (
    <>
      <p id="user">{loaderData.user}</p>
      <p id="clicks">{loaderData.clicks}</p>
      <p id="notice">{loaderData.notice}</p>
      <ul id="todos">
        {loaderData.todos.map((todo) => (
          <li key={todo}>{todo}</li>
        ))}
      </ul>
      <Form id="login" method="post">
        <input name="user" aria-label="Name" />
        <button name="intent" value="login">
          Log in
        </button>
      </Form>
      <Form id="count" method="post">
        <button name="intent" value="count">
          Count
        </button>
      </Form>
      <Form id="add" method="post">
        <input name="text" aria-label="Todo" />
        <button name="intent" value="add">
          Add
        </button>
      </Form>
      <Form id="logout" method="post">
        <button name="intent" value="logout">
          Log out
        </button>
      </Form>
    </>
  );
}
