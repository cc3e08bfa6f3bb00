import { createServer } from "node:http";
import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/node";
import { createSchema, createYoga } from "graphql-yoga";
import { ticks } from "../app.mjs";

const schema = createSchema({
  typeDefs: "type Query { here: Boolean } type Subscription { ticks: String }",
  resolvers: {
    Subscription: {
      ticks: {
        subscribe: (_root, _args, { req }) => attachStream(req.session, ticks(req.session)),
        resolve: (state) => JSON.stringify(state),
      },
    },
  },
});

export default async function start({ sessions, http }) {
  // By default Yoga lets pages of every origin read with the cookie.
  const yoga = createYoga({ schema, logging: false, cors: false });
  const server = createServer(
    session(sessions)(async (req, res) => {
      if (req.url.startsWith("/graphql")) return yoga(req, res);
      return res.end(await http(req.url, () => req.session));
    }),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
