import { destroy, flash, renew } from "@galleta/session";
import { redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { getSession } from "./session.server";

const form = (data: unknown) => data as FormData;

export const read = createServerFn().handler(async () => {
  const session = getSession();
  const { user = "nobody", todos = [], counts } = session;
  const notice = String(flash(session, "notice") ?? "");
  return { user, todos: [...todos], clicks: counts?.clicks ?? 0, notice };
});

export const login = createServerFn({ method: "POST" })
  .validator(form)
  .handler(async ({ data }) => {
    const session = getSession();
    renew(session);
    session.user = String(data.get("user"));
    throw redirect({ to: "/", statusCode: 303 });
  });

export const logout = createServerFn({ method: "POST" })
  .validator(form)
  .handler(async () => {
    destroy(getSession());
    throw redirect({ to: "/", statusCode: 303 });
  });

export const count = createServerFn({ method: "POST" })
  .validator(form)
  .handler(async () => {
    const session = getSession();
    const counts = (session.counts ??= { clicks: 0 });
    counts.clicks += 1;
    throw redirect({ to: "/", statusCode: 303 });
  });

export const add = createServerFn({ method: "POST" })
  .validator(form)
  .handler(async ({ data }) => {
    const session = getSession();
    session.todos = [...(session.todos ?? []), String(data.get("text"))];
    flash(session, "notice", "Added");
    throw redirect({ to: "/", statusCode: 303 });
  });
