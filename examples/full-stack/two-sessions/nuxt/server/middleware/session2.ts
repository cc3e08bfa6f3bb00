import { session } from "@galleta/session/nuxt";
import { prefs } from "../utils/prefs";

export default session(prefs);
