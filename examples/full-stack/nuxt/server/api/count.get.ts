export default defineEventHandler((event) => {
  const { user = null, counts } = event.context.session;
  return { user, clicks: counts?.clicks ?? 0 };
});
