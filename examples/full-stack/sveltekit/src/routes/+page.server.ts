import { flash, renew } from "@galleta/session";
import { redirect } from "@sveltejs/kit";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals }) => {
  const { user = "nobody", todos = [], counts } = locals.session;
  const notice = flash(locals.session, "notice");
  return { user, todos: [...todos], clicks: counts?.clicks ?? 0, notice: notice ?? null };
};

export const actions: Actions = {
  async login({ locals, request }) {
    const form = await request.formData();
    renew(locals.session);
    locals.session.user = String(form.get("user"));
    redirect(303, "/");
  },
  logout({ locals }) {
    locals.session = null;
    redirect(303, "/");
  },
  count({ locals }) {
    const counts = (locals.session.counts ??= { clicks: 0 });
    counts.clicks += 1;
  },
  async add({ locals, request }) {
    const form = await request.formData();
    locals.session.todos = [...(locals.session.todos ?? []), String(form.get("text"))];
    flash(locals.session, "notice", "Added");
    redirect(303, "/");
  },
};
