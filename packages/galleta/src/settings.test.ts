import { afterEach, describe, expect, test, vi } from "vitest";
import { Secret, SessionError } from "@galleta/session";
import { App } from "./app.ts";
import { SettingsError } from "./errors.ts";
import { configure, settings, type AppSettings } from "./settings.ts";

const KEY = "b1946ac92492d2347c6235b4d2611184a5f3c0d9";

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

// This test comes first: after the others the process has settings.
test("settings say whether there are any", () => {
  expect(caught(() => settings["DEBUG"])).toMatchObject({ code: "ERR_GALLETA_NOT_CONFIGURED" });
  expect(caught(() => settings.get("DEBUG", 1))).toMatchObject({
    code: "ERR_GALLETA_NOT_CONFIGURED",
  });
  // Inspecting the value must not fail: a test runner asks for `then` and for symbols.
  expect((settings as unknown as { then?: unknown }).then).toBeUndefined();
  expect("DEBUG" in settings).toBe(false);
});

describe("configure", () => {
  test("takes upper-case names, and prefers overrides", () => {
    const module = { DEBUG: false, PAGE_SIZE: 20, _HIDDEN: 1, camelCase: 2, default: 3, Mixed: 4 };
    configure(new App(), module, { DEBUG: true, EMPTY: undefined });
    expect(settings["DEBUG"]).toBe(true);
    expect(settings.get("PAGE_SIZE", 50)).toBe(20);
    expect(settings.get("MISSING", 50)).toBe(50);
    expect(settings.get("MISSING")).toBeUndefined();
    expect(settings.get("EMPTY", 50)).toBeUndefined();
    expect(settings.get("_HIDDEN", "hidden")).toBe("hidden");
    expect(settings.get("camelCase", "hidden")).toBe("hidden");
    expect("DEBUG" in settings).toBe(true);
    const error = caught(() => settings["MISSING"]);
    expect(error).toBeInstanceOf(SettingsError);
    expect(error).toMatchObject({ code: "ERR_GALLETA_SETTINGS", name: "SettingsError" });
    expect(String(error)).toContain('settings.get("MISSING", fallback)');
  });

  test("runs once for an app, and again after a failure", () => {
    const app = new App();
    expect(caught(() => configure(app, { BODY_LIMIT: -1 }))).toBeInstanceOf(SettingsError);
    configure(app);
    expect(caught(() => configure(app))).toMatchObject({ code: "ERR_GALLETA_CONFIGURED_TWICE" });
  });

  test.each([["text"], [null], [7]])("throws for %s instead of a module or an object", (wrong) => {
    expect(caught(() => configure(new App(), wrong as never))).toBeInstanceOf(SettingsError);
  });

  test.each([[-1], [1.5], ["1"], [null]])("throws for a BODY_LIMIT of %j", (limit) => {
    const error = caught(() => configure(new App(), { BODY_LIMIT: limit as number }));
    expect(error).toMatchObject({ code: "ERR_GALLETA_SETTINGS" });
  });
});

describe("a misspelt setting", () => {
  test.each([
    ["SESIONS", "SESSIONS"],
    ["SESSION", "SESSIONS"],
    ["BODYLIMIT", "BODY_LIMIT"],
    ["ALLOWED_HOST", "ALLOWED_HOSTS"],
  ])("%s throws and suggests the right name", (name, meant) => {
    const error = caught(() => configure(new App(), { [name]: true }));
    expect(error).toMatchObject({ code: "ERR_GALLETA_SETTINGS" });
    expect(String(error)).toContain(`There is no setting ${name}. Did you mean ${meant}?`);
  });

  test("is distinguished from the app's own settings", () => {
    const own = { DEBUG: true, DATABASE_URL: "x", PAGE_SIZE: 20, SESSION_KEY: KEY };
    configure(new App(), { ...own, SESSIONS: { secretKey: KEY } });
    configure(new App(), { SESION_HOURS_OF_STAFF: 1 });
  });
});

describe("SESSIONS", () => {
  const sessionOf = async (setting: AppSettings["SESSIONS"]) => {
    const app = new App<{ seen: boolean }>();
    configure(app, { SESSIONS: setting });
    app.route("/", (req, res) => {
      req.session.seen = true;
      res.text = "saved";
    });
    const response = await app.fetch(new Request("http://a/"));
    return response.headers.getSetCookie()[0];
  };

  test("true takes the key from the environment", async () => {
    vi.stubEnv("SECRET_KEY", KEY);
    expect(await sessionOf(true)).toMatch(/^session=/);
  });

  test("accepts an object as the options", async () => {
    const options = { secretKey: new Secret(KEY), sessionCookie: "sid" };
    expect(await sessionOf(options)).toMatch(/^sid=/);
    expect(await sessionOf({ secretKey: [KEY, "another key of the past, long enough"] })).toMatch(
      /^session=/,
    );
  });

  test.each([
    [true],
    [{}],
    [{ secretKey: "" }],
    [{ secretKey: new Secret("") }],
    [{ secretKey: [] }],
    [{ secretKey: [KEY, ""] }],
    [{ secretKey: null }],
  ])("throws a SettingsError for a missing key and says how to make one: %j", (setting) => {
    vi.stubEnv("SECRET_KEY", "");
    const error = caught(() => configure(new App(), { SESSIONS: setting as true }));
    expect(error).toMatchObject({ code: "ERR_GALLETA_SETTINGS" });
    expect(String(error)).toContain("npx galleta secret");
  });

  test.each([["yes"], [1], [null]])("throws for %j", (setting) => {
    expect(caught(() => configure(new App(), { SESSIONS: setting as never }))).toMatchObject({
      code: "ERR_GALLETA_SETTINGS",
    });
  });

  test("throws with the engine's own error as the cause, and shows no key", () => {
    // @ts-expect-error the types also know the options
    const error = caught(() => configure(new App(), { SESSIONS: { secretKey: KEY, maxage: 1 } }));
    expect(error).toMatchObject({ code: "ERR_GALLETA_SETTINGS" });
    const { cause, message } = error as SettingsError;
    expect(cause).toBeInstanceOf(SessionError);
    expect(cause).toMatchObject({ code: "ERR_SESSION_OPTION" });
    expect(message).toContain("maxAge");
    expect(message + String(cause)).not.toContain(KEY);
  });
});

describe("PLUGINS", () => {
  test("run in order, with the settings in place, on their conditions", () => {
    const seen: string[] = [];
    const plugin = (name: string) => (app: App) => {
      app.route(`/${name}`, () => undefined);
      seen.push(`${name} ${String(settings["NAME"])}`);
    };
    configure(new App(), {
      NAME: "app",
      PLUGINS: [
        plugin("a"),
        [plugin("b"), true],
        [plugin("c"), false],
        [plugin("d"), () => true],
        [plugin("e"), () => false],
      ],
    });
    expect(seen).toEqual(["a app", "b app", "d app"]);
  });

  test.each([[{}], [[1]], [[[() => undefined, "yes"]]], [[[undefined, true]]]])(
    "throws for %j",
    (plugins) => {
      const error = caught(() => configure(new App(), { PLUGINS: plugins as never }));
      expect(error).toMatchObject({ code: "ERR_GALLETA_SETTINGS" });
    },
  );
});
