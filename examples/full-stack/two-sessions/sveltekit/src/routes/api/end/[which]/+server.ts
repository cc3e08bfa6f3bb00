import { destroy } from "@galleta/session";
import type { RequestHandler } from "./$types";

export const POST: RequestHandler = ({ locals, params }) => {
  destroy(params.which === "prefs" ? locals.prefs : locals.session);
  return Response.json({});
};
