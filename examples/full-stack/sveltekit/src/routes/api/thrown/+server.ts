import { redirect } from "@sveltejs/kit";
import type { RequestHandler } from "./$types";

export const POST: RequestHandler = ({ locals }) => {
  locals.session.user = "thrown";
  redirect(303, "/");
};
