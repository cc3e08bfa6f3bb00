// The declaration of one file holds in another, which does not import it.
import { createSessions } from "@galleta/session";
import { same, type Equal } from "../equal.ts";

const { session } = createSessions({ secretKey: "" }).open("");
same<Equal<typeof session.userId, string | undefined>>();
