// Express 4 is used as Express 5 is; its alias has no types of its own.
declare module "express4" {
  import express from "express";
  export default express;
}
