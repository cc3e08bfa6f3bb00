// All of h3, in the version of `app.h3`, so that apps need no dependency on h3.
export * from "h3";
