import { destroy } from "@galleta/session";
import { withPrefs } from "@/lib/prefs";

export const POST = withPrefs((prefs, _request: Request) => {
  destroy(prefs);
  return Response.json({});
});
