export default defineEventHandler((event) => {
  event.context.session.user = "kept";
  throw new Error("This route fails.");
});
