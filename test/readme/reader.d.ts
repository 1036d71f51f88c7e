/** What a reader of our pages has already: a framework, a request, a signed-in user, functions of their own. */
declare const request: Request
declare const response: Response
declare const tenantId: string
declare const userId: string
declare const app: {
  /** As in Hono. */
  all(
    path: string,
    handler: (c: {
      req: { raw: Request }
      var: { org: string; user: string }
    }) => Response | Promise<Response>,
  ): void
  /** As in Express. */
  use(
    path: string,
    handler: (
      request: import('node:http').IncomingMessage & { body: Uint8Array },
      response: import('node:http').ServerResponse,
    ) => unknown,
  ): void
}
declare const hono: import('hono').Hono
declare const fastify: import('fastify').FastifyInstance
declare function signedIn(request: unknown): import('@keywell/sdk').SignedIn
declare function askToConnect(userId: string): Promise<void>
declare function handle(event: import('@keywell/sdk').WebhookEvent): Promise<void>
declare function keep(entry: import('@keywell/sdk').AuditLine): Promise<void>
declare function lastPosition(): Promise<number>
declare function greet(name: string | null): void
declare function redirect(url: string | undefined): void
declare function showReconnect(url: string | undefined): void

/** From an earlier block of the same page. */
declare const keywell: import('@keywell/sdk').Keywell
declare const query: import('@keywell/sdk').CredentialQuery

/** Bundlers take stylesheets. */
declare module '*.css'
