import { setMaxListeners } from 'node:events'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Effect } from '../../control/faults.ts'
import { injectFaults } from '../../inject-faults.ts'
import type { Env } from '../../instance.ts'
import { type Listener, listen } from '../../listen.ts'
import { asset } from '../../pages/asset.ts'

/** A request as it came, with everything that was in it: for tests only. */
export interface RecordedRequest {
  origin: string
  method: string
  path: string
  query: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string>>
  body: string
  status: number | 'dropped' | undefined
  /** Why no source speaks of such a request; undefined if one does. */
  unexpected: string | undefined
}

/** Something that goes wrong with the requests that match. */
export interface FaultInput {
  /** Default: at every origin. */
  origin?: string
  method?: string
  path?: string
  /** What must stand in the body: `refresh_token`. */
  bodyHas?: string
  /** Default: once. */
  times?: number
  effect: Effect
}

const maxBodyBytes = 1_048_576

/** The origins of one stand-in: each a port of its own, with a record of requests and faults. */
export class Wire<Name extends string> {
  readonly requests: RecordedRequest[] = []
  readonly #records = new WeakMap<Request, RecordedRequest>()
  readonly #faults: { fault: FaultInput; left: number }[] = []
  readonly #apps = new Map<Name, Hono<Env>>()
  readonly #listeners = new Map<Name, Listener>()
  readonly #stopping = new AbortController()

  constructor() {
    // One for every answer that a fault is holding back: more than Node takes for a leak.
    setMaxListeners(0, this.#stopping.signal)
  }

  /** An app of an origin. What it does not know, `unknown` answers as the provider does. */
  app(name: Name, unknown: (c: Context<Env>) => Response | Promise<Response>): Hono<Env> {
    const app = new Hono<Env>()
      .use(bodyLimit({ maxSize: maxBodyBytes }))
      .use(this.#recorded(name))
      .get('/assets/sandbox.css', (c) => asset(c, 'sandbox.css', 'text/css'))
    app.notFound((c) => {
      this.unexpected(c, 'there is nothing at this address')
      return unknown(c)
    })
    this.#apps.set(name, app)
    return app
  }

  async open(): Promise<void> {
    for (const [name, app] of this.#apps) {
      this.#listeners.set(name, await listen(app, '127.0.0.1', 0))
    }
  }

  /** Without a slash at the end. */
  url(name: Name): string {
    const listener = this.#listeners.get(name)
    if (listener === undefined) throw new Error(`the origin ${name} is not open`)
    return `http://127.0.0.1:${listener.port}`
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#listeners.values()].map(({ close }) => close()))
  }

  addFault(fault: FaultInput): void {
    this.#faults.push({ fault, left: fault.times ?? 1 })
  }

  /** Marks a request that no source speaks of: a client that sends one has made a mistake. */
  unexpected(c: Context<Env>, why: string): void {
    const record = this.#records.get(c.req.raw)
    if (record !== undefined) record.unexpected ??= why
  }

  #recorded(origin: Name): MiddlewareHandler<Env> {
    return async (c, next) => {
      const record: RecordedRequest = {
        origin,
        method: c.req.method,
        path: c.req.path,
        query: c.req.query(),
        headers: c.req.header(),
        body: await c.req.text(),
        status: undefined,
        unexpected: undefined,
      }
      this.requests.push(record)
      this.#records.set(c.req.raw, record)
      await injectFaults(c, next, this.#take(record), this.#stopping.signal)
      record.status = c.env.incoming.socket.destroyed ? 'dropped' : c.res.status
    }
  }

  #take({ origin, method, path, body }: RecordedRequest): Effect[] {
    const struck = this.#faults.filter(
      ({ fault, left }) =>
        left > 0 &&
        (fault.origin ?? origin) === origin &&
        (fault.method ?? method) === method &&
        (fault.path ?? path) === path &&
        body.includes(fault.bodyHas ?? ''),
    )
    for (const each of struck) each.left -= 1
    return struck.map(({ fault }) => fault.effect)
  }
}
