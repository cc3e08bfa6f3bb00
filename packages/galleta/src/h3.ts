// What h3 has, under the version that `app.h3` is made of: apps need no dependency of their own.
export * from "h3";
