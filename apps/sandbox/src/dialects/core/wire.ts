import { setMaxListeners } from 'node:events'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getPath } from 'hono/utils/url'
import type { Effect } from '../../control/faults.ts'
import { injectFaults } from '../../inject-faults.ts'
import type { Env } from '../../instance.ts'
import { type Listener, listen } from '../../listen.ts'
import { asset } from '../../pages/asset.ts'
import { Memory, type Parts } from './memory.ts'
import { type Paths, type Site, siteHost } from './site.ts'

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

/** Requests that are remembered of a stand-in that runs on and on. */
const maxRequests = 1_000

/** The origins of one stand-in: each a port of its own, or a path of one; with a record of requests and faults. */
export class Wire<Name extends string> {
  readonly requests: RecordedRequest[] = []
  /** Usernames of browsers that have signed in, by the id in their cookie. */
  readonly sessions: Map<string, string> = new Map()
  readonly #records = new WeakMap<Request, RecordedRequest>()
  readonly #faults: { fault: FaultInput; left: number }[] = []
  readonly #apps = new Map<Name, Hono<Env>>()
  readonly #listeners: Listener[] = []
  readonly #urls = new Map<Name, string>()
  #paths: Paths<Name> | undefined
  #memory: Memory | undefined
  readonly #stopping = new AbortController()

  constructor() {
    // One for every answer that a fault is holding back: more than Node takes for a leak.
    setMaxListeners(0, this.#stopping.signal)
  }

  /** An app of an origin. What it does not know, `unknown` answers as the provider does. */
  app(name: Name, unknown: (c: Context<Env>) => Response | Promise<Response>): Hono<Env> {
    const app = new Hono<Env>({
      getPath: (request) => getPath(request).slice(this.#paths?.[name].length) || '/',
    })
      .use(bodyLimit({ maxSize: maxBodyBytes }))
      .use(this.#recorded(name))
      .get('/assets/sandbox.css', (c) => asset(c, 'sandbox.css', 'text/css'))
      .get('/assets/mark.svg', (c) => asset(c, 'mark.svg', 'image/svg+xml'))
    app.notFound((c) => {
      this.unexpected(c, 'there is nothing at this address')
      return unknown(c)
    })
    this.#apps.set(name, app)
    return app
  }

  /** Opens a port for each origin. */
  async open(): Promise<void> {
    for (const [name, app] of this.#apps) {
      const listener = await listen(app, '127.0.0.1', 0)
      this.#listeners.push(listener)
      this.#urls.set(name, `http://127.0.0.1:${listener.port}`)
    }
  }

  /** Opens one port for all origins. */
  async openSite({ port, dataFile }: Site, paths: Paths<Name>, parts: Parts): Promise<void> {
    this.#paths = paths
    if (dataFile !== undefined) {
      this.#memory = new Memory(dataFile, { ...parts, sessions: this.sessions })
    }
    // The longest first: every path is below the empty one.
    const byPath = [...this.#apps].sort(([one], [other]) => paths[other].length - paths[one].length)
    const listener = await listen(
      {
        fetch: (request, env) => {
          const path = `${getPath(request)}/`
          const [, app] = byPath.find(([name]) => path.startsWith(`${paths[name]}/`)) ?? []
          return app?.fetch(request, env) ?? new Response(null, { status: 404 })
        },
      },
      '127.0.0.1',
      port,
    )
    this.#listeners.push(listener)
    for (const name of this.#apps.keys()) {
      this.#urls.set(name, `http://${siteHost}:${listener.port}${paths[name]}`)
    }
    // What was made up for a first start is kept too.
    this.save()
  }

  /** Whether it is for people with browsers. */
  get isSite(): boolean {
    return this.#paths !== undefined
  }

  /** Without a slash at the end. */
  url(name: Name): string {
    const url = this.#urls.get(name)
    if (url === undefined) throw new Error(`the origin ${name} is not open`)
    return url
  }

  /** Writes down what a site remembers. */
  save(): void {
    this.#memory?.save()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#listeners.map(({ close }) => close()))
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
      if (this.isSite && this.requests.length > maxRequests) this.requests.shift()
      this.#records.set(c.req.raw, record)
      const work = async () => {
        await next()
        // Before the answer leaves.
        if (c.req.method !== 'GET') this.save()
      }
      await injectFaults(c, work, this.#take(record), this.#stopping.signal)
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
