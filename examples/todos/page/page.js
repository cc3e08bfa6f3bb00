import { LiveWebSocket } from "/client.js";

const SESSION_ENDED = 1008;
const byId = (id) => document.getElementById(id);

function show({ id, content }) {
  const item = document.createElement("li");
  item.textContent = content;
  item.dataset.id = id;
  byId("unseen").append(item);
  byId("none").hidden = true;
}

byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const content = byId("content");
  const response = await fetch("/todos", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ content: content.value }),
  });
  const answer = await response.json();
  byId("problem").textContent = response.ok ? "" : (answer.detail ?? "That did not work.");
  if (response.ok) content.value = "";
  content.focus();
});

// Ends the session; its sockets, in whichever tab, are closed by the server.
byId("logout").addEventListener("click", () => fetch("/forget", { method: "POST" }));

function connect() {
  const shown = new Set([...byId("unseen").children].map((item) => Number(item.dataset.id)));
  const socket = new LiveWebSocket(new URL("/feed", location.href.replace(/^http/, "ws")));
  socket.addEventListener("open", () => (byId("state").textContent = "live"));
  socket.addEventListener("message", ({ data }) => {
    const todo = JSON.parse(data);
    // After a reconnect, what was shown and not yet noted comes again.
    if (!shown.has(todo.id)) show(todo);
    shown.add(todo.id);
    socket.send(JSON.stringify({ seen: todo.id }));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    byId("state").textContent = reason || "disconnected";
    if (code === SESSION_ENDED) byId("again").hidden = false;
    else setTimeout(connect, 2000);
  });
}

connect();
