import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals }) => ({
  user: locals.session.user,
  theme: locals.prefs.theme,
});

export const actions: Actions = {
  default({ locals }) {
    locals.session.user = "ann";
    locals.prefs.theme = "dark";
  },
};
