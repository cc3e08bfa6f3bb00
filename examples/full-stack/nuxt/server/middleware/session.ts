import { session } from "@galleta/session/nuxt";
import { sessions } from "../utils/sessions";

export default session(sessions);
