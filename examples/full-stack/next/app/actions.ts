"use server";

import { destroy, flash, renew } from "@galleta/session";
import { redirect } from "next/navigation";
import { withSession } from "@/lib/session";

export const login = withSession(async (session, form: FormData) => {
  renew(session);
  session.user = String(form.get("user"));
  redirect("/");
});

export const logout = withSession(async (session) => {
  destroy(session);
  redirect("/");
});

export const count = withSession(async (session) => {
  const counts = (session.counts ??= { clicks: 0 });
  counts.clicks += 1;
});

export const add = withSession(async (session, form: FormData) => {
  session.todos = [...(session.todos ?? []), String(form.get("text"))];
  flash(session, "notice", "Added");
  redirect("/");
});
