// Serves one view at /api/hook, where "/api" is a prefix that the framework adds, and prints the port.
import { session as expressSession } from "@galleta/session/express";
import { session as fastifySession } from "@galleta/session/fastify";
import { session as fetchSession } from "@galleta/session/fetch";

const [framework, exempt] = process.argv.slice(2);
const options = {
  secretKey: "a key of this test, of more than 32 characters",
  csrf: { exempt: [exempt] },
};

/** @param addTo adds the sessions to the app @param inModule adds them in a module of Nest */
async function startNest(platform, { addTo, inModule }) {
  await import("reflect-metadata");
  const { Controller, Module, Post } = await import("@nestjs/common");
  const { NestFactory } = await import("@nestjs/core");
  class Hook {
    hook() {
      return "hooked";
    }
  }
  Post("hook")(Hook.prototype, "hook", Object.getOwnPropertyDescriptor(Hook.prototype, "hook"));
  Controller()(Hook);
  class AppModule {
    configure(consumer) {
      inModule?.(consumer);
    }
  }
  Module({ controllers: [Hook] })(AppModule);
  const app = await NestFactory.create(AppModule, platform, { logger: false });
  app.setGlobalPrefix("api");
  await addTo?.(app);
  await app.listen(0, "127.0.0.1");
  return app.getHttpServer().address().port;
}

const start = {
  async "nest-express"() {
    const { ExpressAdapter } = await import("@nestjs/platform-express");
    return startNest(new ExpressAdapter(), { addTo: (app) => app.use(expressSession(options)) });
  },
  async "nest-module"() {
    const { ExpressAdapter } = await import("@nestjs/platform-express");
    return startNest(new ExpressAdapter(), {
      inModule: (consumer) => consumer.apply(expressSession(options)).forRoutes("hook"),
    });
  },
  async "nest-fastify"() {
    const { FastifyAdapter } = await import("@nestjs/platform-fastify");
    return startNest(new FastifyAdapter(), {
      addTo: (app) => app.register(fastifySession(options)),
    });
  },
  async elysia() {
    const { Elysia } = await import("elysia");
    const app = new Elysia({ prefix: "/api" }).post("/hook", () => "hooked");
    const fetch = fetchSession(options)((request) => app.handle(request));
    return globalThis.Bun.serve({ port: 0, hostname: "127.0.0.1", fetch }).port;
  },
};
console.log(await start[framework]());
