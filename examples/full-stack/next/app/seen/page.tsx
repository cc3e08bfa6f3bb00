import { getSession } from "@/lib/session";
import { count } from "../actions";

/** The proxy has already changed the session of this request. */
export default async function Seen() {
  const { user, counts } = await getSession();
  return (
    <>
      <p id="told">
        {user} {counts?.clicks ?? 0}
      </p>
      <form id="count" action={count}>
        <button>Count</button>
      </form>
    </>
  );
}
