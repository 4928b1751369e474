import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { checkEnvironment, type SteadymixEnv, splitAtSpaces } from "./environment.js";
import { addNotificationRoute } from "./notificationRoute.js";
import { checkBindings } from "./objects.js";
import { openApi } from "./openApi.js";
import { addOperatorRoutes } from "./operatorRoutes.js";
import { Rejection } from "./rejection.js";
import { answer, type Bindings, notAllowed, refused } from "./routing.js";
import { addViewerRoutes } from "./viewerRoutes.js";

/**
 * The routes, to mount with `app.route("/api", handler())` or `export default handler()`. `SteadymixEnv` lists the bindings
 * that they need; `GET /openapi.json` describes them.
 */
export function handler(): Hono<{ Bindings: SteadymixEnv }> {
  const app = new Hono<Bindings>();

  app.onError((error, c) => {
    const rejection =
      error instanceof Rejection ? error : new Rejection("INTERNAL", "internal error: see the Worker's log");
    if (rejection !== error) console.error("steadymix:", error);
    return refused(c, rejection);
  });

  app.use(
    unlessUpgraded(secureHeaders({ crossOriginResourcePolicy: "cross-origin" })),
    unlessUpgraded(
      cors({
        origin: (origin, c) => (splitAtSpaces(c.env.ALLOWED_ORIGINS).includes(origin) ? origin : null),
        allowMethods: ["GET", "POST", "PATCH", "DELETE"],
        allowHeaders: ["authorization", "content-type"],
        maxAge: 600,
      }),
    ),
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => refused(c, notAllowed(methods.join(", "))),
    }),
  );

  app.get("/health", (c) => {
    checkEnvironment(c.env);
    return answer(c, "GET /health", { status: "ok" });
  });
  app.get("/openapi.json", (c) => c.json(openApi(c.req.path.replace(/\/openapi\.json$/, "") || "/")));

  app.use((c, next) => {
    checkBindings(c.env);
    return next();
  });

  addOperatorRoutes(app);
  addViewerRoutes(app);
  addNotificationRoute(app);

  // Not `app.notFound`, which is not mounted with the routes. Not thrown: `methodNotAllowed` ignores errors.
  app.all("*", (c) => refused(c, new Rejection("NOT_FOUND", "there is no such route")));
  return app;
}

/** The headers of an answer to an upgrade cannot be changed. */
function unlessUpgraded(middleware: MiddlewareHandler): MiddlewareHandler {
  return (c, next) => (c.req.header("upgrade") === undefined ? middleware(c, next) : next());
}
