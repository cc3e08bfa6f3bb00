import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals }) => {
  locals.session.user = "kept";
  throw new Error("This page fails.");
};
