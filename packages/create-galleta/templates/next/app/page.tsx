import { getSession } from "@/lib/session";

export default async function Page() {
  const { user } = await getSession();
  return (
    <>
      <h1>Welcome</h1>
      {user === undefined ? (
        <form action="/login" method="post">
          <label>
            Name <input name="user" required autoFocus />
          </label>{" "}
          <button>Log in</button>
        </form>
      ) : (
        <form action="/logout" method="post">
          <p>
            You are logged in as <strong>{user}</strong>.
          </p>
          <button>Log out</button>
        </form>
      )}
    </>
  );
}
