import { describe, expect, it } from "vitest";
import {
  appProtocols,
  CONTROL,
  escapeMessage,
  guarded,
  isLiveProtocol,
  negotiate,
  offeredProtocols,
  readFrame,
} from "./socket.ts";

describe("frames of galleta.v1", () => {
  it("are messages of the app, unless they begin with one zero character", () => {
    expect(readFrame("hello")).toEqual({ message: "hello" });
    expect(readFrame("")).toEqual({ message: "" });
    expect(readFrame("a\0")).toEqual({ message: "a\0" });
    expect(readFrame("\0{}")).toEqual({ control: "{}" });
    expect(readFrame("\0")).toEqual({ control: "" });
    expect(readFrame("\0a\0")).toEqual({ control: "a\0" });
    expect(CONTROL).toBe("\0");
  });

  it.each(["", "hello", "a\0", "\0", "\0\0", "\0{}"])("carry the message %j unchanged", (text) => {
    expect(readFrame(escapeMessage(text))).toEqual({ message: text });
  });

  it("are sent as they are if they begin with another character", () => {
    expect([escapeMessage("hello"), escapeMessage("a\0")]).toEqual(["hello", "a\0"]);
  });
});

describe("the subprotocol of a socket", () => {
  it("is joined with galleta.v1 if the client offers that", () => {
    const chat = { protocol: "galleta.v1+chat", isLive: true };
    expect(negotiate(["galleta.v1+chat", "chat"], "chat")).toEqual(chat);
    expect(negotiate(["galleta.v1", "chat"], "chat")).toEqual({ protocol: "chat", isLive: false });
    expect(negotiate(["galleta.v1"], undefined)).toEqual({ protocol: "galleta.v1", isLive: true });
    expect(negotiate([], undefined)).toEqual({ protocol: undefined, isLive: false });
  });

  it("is read from the client's list, and split into ours and the app's", () => {
    const offered = offeredProtocols("galleta.v1+chat,chat ,\tgalleta.v1, galleta.v10");
    expect(offered).toEqual(["galleta.v1+chat", "chat", "galleta.v1", "galleta.v10"]);
    expect(appProtocols(offered)).toEqual(["chat", "galleta.v10"]);
    for (const none of [null, undefined, ""]) expect(offeredProtocols(none)).toEqual([]);
  });

  it("shows whether the page uses the client of Galleta", () => {
    expect(["galleta.v1", "galleta.v1+chat"].map(isLiveProtocol)).toEqual([true, true]);
    const others = ["galleta.v10", "chat", "chat+galleta.v1+", "", null, undefined];
    expect(others.map(isLiveProtocol)).toEqual(others.map(() => false));
  });
});

it("a call that fails does not stop the next", () => {
  const fails = () => {
    throw new Error("of a socket");
  };
  expect(() => guarded(fails)).not.toThrow();
});
