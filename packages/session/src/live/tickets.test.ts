import { expect, it, vi } from "vitest";
import { Tickets } from "./tickets.ts";

it("an update hears of its own ticket, from the side that confirms it, until it stops", () => {
  const tickets = new Tickets();
  const heard = vi.fn();
  const stop = tickets.wait("a", heard, "page");
  tickets.settle({ ticket: "b" }, "page");
  tickets.settle({ ticket: "a" }, "exchange");
  expect(heard).not.toHaveBeenCalled();
  tickets.settle({ ticket: "a", code: "ERR_SESSION_TICKET_STALE" }, "exchange");
  tickets.settle({ ticket: "a" }, "page");
  expect(heard.mock.calls).toEqual([
    [{ ticket: "a", code: "ERR_SESSION_TICKET_STALE" }],
    [{ ticket: "a" }],
  ]);
  stop();
  tickets.settle({ ticket: "a" }, "page");
  expect(heard).toHaveBeenCalledTimes(2);
});

it("used tickets are remembered as long as they are valid, and forgotten if there are many", () => {
  const tickets = new Tickets();
  const use = (from: number, to: number, now: number) => {
    for (let i = from; i < to; i += 1) tickets.use(`${i}`, now);
  };
  expect(tickets.isUsed("0")).toBe(false);
  use(0, 1, 0);
  use(1, 2, 1);
  use(2, 999, 30);
  use(999, 1000, 60);
  expect([tickets.isUsed("0"), tickets.isUsed("999")]).toEqual([true, true]);
  use(1000, 1001, 60);
  expect(["0", "1", "2", "1000"].map((ticket) => tickets.isUsed(ticket))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
