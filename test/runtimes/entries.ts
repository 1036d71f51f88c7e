/** How each runtime starts the app: the few lines that differ. `SETTINGS` is put in as JSON. */
const make = "import { createApp } from './app.js'\nconst app = createApp(SETTINGS)\n"

export const entries = {
  bun: `${make}const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app })
console.log(server.port)`,
  deno: `${make}const onListen = ({ port }) => console.log(port)
Deno.serve({ port: 0, hostname: '127.0.0.1', onListen }, (request) => app(request))`,
  workerd: `${make}export default { fetch: (request) => app(request) }`,
} as const

/** One worker, with access to this machine's addresses, where the service of a test is. */
export const workerdConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "app")],
);
const app :Workerd.Worker = (
  modules = [
    (name = "main.js", esModule = embed "main.js"),
    (name = "app.js", esModule = embed "app.js"),
  ],
  compatibilityDate = "2026-01-01",
);
`
