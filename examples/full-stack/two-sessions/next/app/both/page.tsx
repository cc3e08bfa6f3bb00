import { getPrefs } from "@/lib/prefs";
import { getSession } from "@/lib/session";
import { Ready } from "../ready";
import { changeBoth } from "./actions";

export default async function Both() {
  const [{ user }, { theme }] = await Promise.all([getSession(), getPrefs()]);
  return (
    <>
      <Ready />
      <p id="user">{user}</p>
      <p id="theme">{theme}</p>
      <form id="both" action={changeBoth}>
        <button>Change</button>
      </form>
    </>
  );
}
