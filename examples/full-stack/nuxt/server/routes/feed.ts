import { session, sessionOf } from "@galleta/session/crossws";
import { sessions } from "../utils/sessions";

export default defineWebSocketHandler(
  session(sessions)({
    open: (peer) => void peer.send(`hello ${sessionOf(peer).user ?? "nobody"}`),
  }),
);
