import { createFileRoute, useRouter } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { changeBoth, readBoth } from "../both";

export const Route = createFileRoute("/both")({ loader: () => readBoth(), component: Both });

function Both() {
  const { user, theme } = Route.useLoaderData();
  const router = useRouter();
  async function change(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    await changeBoth({ data: new FormData(event.currentTarget) }).catch(() => {});
    await router.invalidate();
  }
  return (
    <>
      <p id="user">{user}</p>
      <p id="theme">{theme}</p>
      <form
        id="both"
        method="post"
        encType="multipart/form-data"
        action={changeBoth.url}
        onSubmit={change}
      >
        <button>Change</button>
      </form>
    </>
  );
}
