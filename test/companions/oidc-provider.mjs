// A provider of OpenID Connect on loopback: one form for the name, no password, no consent.
import { createServer } from "node:https";
import Provider from "oidc-provider";

const { PORT, CERT, KEY, JWKS, CLIENTS } = process.env;
const issuer = `https://localhost:${PORT}`;

const page = (body) => `<!doctype html><title>Provider</title>${body}`;

const provider = new Provider(issuer, {
  clients: JSON.parse(CLIENTS),
  jwks: JSON.parse(JWKS),
  cookies: { keys: ["a key for the cookies of the provider"] },
  pkce: { required: () => true },
  features: {
    backchannelLogout: { enabled: true },
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = page(
          `${form}<button form="op.logoutForm" name="logout" value="yes">Log out</button>`,
        );
      },
    },
  },
  // Its dispatcher refuses addresses of loopback, where the apps of the test listen.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  loadExistingGrant: async ({ oidc }) => {
    const { accountId } = oidc.session;
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

const serveProvider = provider.callback();

async function interact(req, res) {
  if (req.method === "GET") {
    res.setHeader("content-type", "text/html");
    res.end(page('<form method="post"><input name="name"><button>Log in</button></form>'));
    return;
  }
  const body = await new Response(req).text();
  const accountId = new URLSearchParams(body).get("name");
  await provider.interactionFinished(req, res, { login: { accountId } });
}

createServer({ cert: CERT, key: KEY }, (req, res) => {
  if (req.url.startsWith("/interaction/")) void interact(req, res);
  else void serveProvider(req, res);
}).listen(Number(PORT), "localhost", () => process.send("listening"));
process.on("disconnect", () => process.exit(0));
