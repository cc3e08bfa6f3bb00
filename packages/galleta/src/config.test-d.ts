import { Secret, type StandardSchema } from "@galleta/session";
import { expectTypeOf } from "vitest";
import { Config } from "./config.ts";

const config = new Config();
declare const port: StandardSchema<number>;
declare const callable: StandardSchema<Date> & ((value: string) => string);

expectTypeOf(config.get("A")).toEqualTypeOf<string>();
expectTypeOf(config.get("A", { cast: String })).toEqualTypeOf<string>();
expectTypeOf(config.get("A", { cast: Number })).toEqualTypeOf<number>();
expectTypeOf(config.get("A", { cast: Boolean })).toEqualTypeOf<boolean>();
expectTypeOf(config.get("A", { cast: Secret })).toEqualTypeOf<Secret>();
expectTypeOf(config.get("A", { cast: port })).toEqualTypeOf<number>();
expectTypeOf(config.get("A", { cast: callable })).toEqualTypeOf<Date>();
expectTypeOf(config.get("A", { cast: (value) => value.split(",") })).toEqualTypeOf<string[]>();
expectTypeOf(config.get("A", { cast: (value) => new URL(value) })).toEqualTypeOf<URL>();

expectTypeOf(config.get("A", { default: "x" })).toEqualTypeOf<string>();
expectTypeOf(config.get("A", { default: null })).toEqualTypeOf<string | null>();
expectTypeOf(config.get("A", { cast: Number, default: 8000 })).toEqualTypeOf<number>();
expectTypeOf(config.get("A", { cast: Boolean, default: false })).toEqualTypeOf<boolean>();
expectTypeOf(config.get("A", { cast: Secret, default: undefined })).toEqualTypeOf<
  Secret | undefined
>();
expectTypeOf(config.get("A", { cast: port, default: "none" })).toEqualTypeOf<number | string>();

// @ts-expect-error a cast must be a function or a schema
config.get("A", { cast: "number" });
// @ts-expect-error a class cannot be called: write (value) => new URL(value)
config.get("A", { cast: URL });
