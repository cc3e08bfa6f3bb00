export default defineEventHandler(({ context }) => ({
  user: context.session.user ?? null,
  theme: context.prefs.theme ?? null,
}));
