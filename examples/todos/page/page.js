const byId = (id) => document.getElementById(id);

function show(list, todo) {
  const item = document.createElement("li");
  item.textContent = todo.content;
  item.dataset.id = todo.id;
  byId(list).append(item);
}

async function showUnseen() {
  const response = await fetch("/unseen-todos");
  const todos = await response.json();
  for (const todo of todos) show("unseen", todo);
  byId("none").hidden = todos.length > 0;
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

byId("check").addEventListener("click", showUnseen);

byId("forget").addEventListener("click", async () => {
  await fetch("/forget", { method: "POST" });
  byId("unseen").replaceChildren();
  byId("none").hidden = true;
});

function connect() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/feed`);
  socket.addEventListener("open", () => (byId("state").textContent = "live"));
  socket.addEventListener("message", ({ data }) => show("arrivals", JSON.parse(data)));
  socket.addEventListener("close", ({ reason }) => {
    byId("state").textContent = reason || "disconnected";
    setTimeout(connect, 2000);
  });
}

connect();
await showUnseen();
