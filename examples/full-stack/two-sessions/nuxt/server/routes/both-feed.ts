import { session, sessionOf } from "@galleta/session/crossws";
import { prefs } from "../utils/prefs";
import { sessions } from "../utils/sessions";

export default defineWebSocketHandler(
  session([sessions, prefs])({
    open(peer) {
      const { theme } = sessionOf<{ theme: string }>(peer, "prefs");
      peer.send(`${sessionOf(peer).user} ${theme}`);
    },
  }),
);
