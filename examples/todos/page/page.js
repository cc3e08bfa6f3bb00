import { LiveWebSocket } from "/client.js";

const SESSION_ENDED = 1008;
const byId = (id) => document.getElementById(id);
const shown = new Set();
let list;

function itemOf({ id, content }) {
  const item = document.createElement("li");
  item.textContent = content;
  item.dataset.id = id;
  return item;
}

function show(todo) {
  byId("unseen").append(itemOf(todo));
  byId("none").hidden = true;
}

/** Posts JSON. @returns what went wrong, for the user; "" for nothing */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return "";
    const { detail } = await response.json();
    return detail ?? "That did not work.";
  } catch {
    return "The server cannot be reached. Nothing was sent.";
  }
}

byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const content = byId("content");
  byId("problem").textContent = "";
  const problem = await post("/todos", { content: content.value });
  byId("problem").textContent = problem;
  if (problem === "") content.value = "";
  content.focus();
});

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const remember = byId("remember").checked;
  const problem = await post("/sign-in", { name: byId("name").value, remember });
  byId("problem").textContent = problem;
  if (problem === "") await showDevices();
});

async function showDevices() {
  const { name, devices } = await (await fetch("/devices")).json();
  byId("sign-in").hidden = name !== null;
  byId("signed-in").hidden = name === null;
  byId("who").textContent = name;
  byId("devices").replaceChildren(...devices.map(deviceOf));
}

function deviceOf({ handle, label, usedAt, current }) {
  const item = document.createElement("li");
  item.textContent = `${label}, last used ${new Date(usedAt).toLocaleString()} `;
  if (current) item.append("(this one)");
  else {
    const button = document.createElement("button");
    button.textContent = "End";
    button.addEventListener("click", async () => {
      byId("problem").textContent = await post("/devices/end", { handle });
      await showDevices();
    });
    item.append(button);
  }
  return item;
}

byId("all-todos").addEventListener("toggle", async () => {
  const { todos } = await (await fetch("/all-todos")).json();
  byId("all").replaceChildren(...todos.map(itemOf));
});

// Ends the sessions. The server closes their sockets in every tab and browser.
byId("logout").addEventListener("click", async () => {
  byId("problem").textContent = await post("/forget");
});

/** Disables the page after the session has ended. */
function end() {
  byId("again").hidden = false;
  for (const control of document.querySelectorAll("button, input")) control.disabled = true;
}

/** Another list uses the same ids, so the record of shown todos starts again. */
function begin(name) {
  if (name !== list) shown.clear();
  list = name;
}

function connect() {
  const socket = new LiveWebSocket(new URL("/feed", location.href.replace(/^http/, "ws")));
  socket.addEventListener("open", () => (byId("state").textContent = "live"));
  socket.addEventListener("message", ({ data }) => {
    const todo = JSON.parse(data);
    if (todo.list !== undefined) {
      begin(todo.list);
      return;
    }
    // After a reconnect, shown todos that were not noted yet come again.
    if (!shown.has(todo.id)) show(todo);
    shown.add(todo.id);
    socket.send(JSON.stringify({ seen: todo.id }));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    byId("state").textContent = reason || "disconnected";
    if (code === SESSION_ENDED) end();
    else setTimeout(connect, 2000);
  });
}

connect();
void showDevices();
