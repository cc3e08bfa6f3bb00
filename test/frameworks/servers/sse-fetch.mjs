import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/fetch";
import { eventStream, SSE } from "../app.mjs";
import { serveFetch } from "../serve-fetch.mjs";

export default function start({ sessions, http }) {
  const withSession = session(sessions)(async (request, context) => {
    if (new URL(request.url).pathname !== "/events") {
      return new Response(await http(request.url, () => context.session));
    }
    const events = new Response(eventStream(context.session), { headers: SSE });
    return attachStream(context.session, events);
  });
  return serveFetch((request) => withSession(request));
}
