// NestJS with either of its socket adapters, on Express and on Fastify. Decorators are called by
// hand, because this is not compiled.
import "reflect-metadata";
import { session as expressSession } from "@galleta/session/express";
import { session as fastifySession } from "@galleta/session/fastify";
import { session as ioSession, sessionOf as ioSessionOf } from "@galleta/session/socket.io";
import { guard, sessionOf } from "@galleta/session/ws";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { IoAdapter } from "@nestjs/platform-socket.io";
import { WsAdapter } from "@nestjs/platform-ws";
import { SubscribeMessage, WebSocketGateway } from "@nestjs/websockets";
import { handshake, ofObject, reply } from "../app.mjs";

const options = { handshake: (_first, req) => handshake(ofObject(req), req.url) };

function makeModule(gatewayOptions, sessionOfClient) {
  class Gateway {
    async say(client, message) {
      return {
        event: "reply",
        data: await reply((property) => sessionOfClient(client, property), message),
      };
    }
  }
  const say = Object.getOwnPropertyDescriptor(Gateway.prototype, "say");
  SubscribeMessage("say")(Gateway.prototype, "say", say);
  WebSocketGateway(gatewayOptions)(Gateway);
  class AppModule {}
  Module({ providers: [Gateway] })(AppModule);
  return AppModule;
}

function wsAdapter(app, all) {
  class SessionWsAdapter extends WsAdapter {
    create(port, given) {
      return guard(super.create(port, given), all, options);
    }
  }
  return new SessionWsAdapter(app);
}

function ioAdapter(app, all) {
  class SessionIoAdapter extends IoAdapter {
    createIOServer(port, given) {
      const io = super.createIOServer(port, given);
      ioSession(all, options)(io);
      return io;
    }
  }
  return new SessionIoAdapter(app);
}

/** @param platform "express" or "fastify" @param sockets "ws" or "io" */
export async function startNest({ all, http }, platform, sockets) {
  const isWs = sockets === "ws";
  const module = isWs ? makeModule({ path: "/ws" }, sessionOf) : makeModule({}, ioSessionOf);
  const on = platform === "express" ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(module, on, { logger: false });
  if (platform === "express") {
    for (const each of all) app.use(expressSession(each));
    app.use(async (req, res) => res.send(await http(req.url, ofObject(req))));
  } else {
    for (const each of all) await app.register(fastifySession(each));
    on.getInstance().get("/*", (request, answer) => {
      answer.type("text/html");
      return http(request.url, ofObject(request));
    });
  }
  app.useWebSocketAdapter(isWs ? wsAdapter(app, all) : ioAdapter(app, all));
  await app.listen(0, "127.0.0.1");
  return app.getHttpServer().address().port;
}
