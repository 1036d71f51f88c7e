import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { refuseForeignCalls } from './control/api.ts'
import type { Client } from './dialects/core/client.ts'

/** What a stand-in does with the apps that are registered there. */
export interface Registrar {
  list(): readonly Client[]
  register(input: {
    name: string
    redirectUris: readonly string[]
    scopes?: readonly string[]
    clientId?: string
  }): Client
  save(): void
}

const inputSchema = z.object({
  name: z.string().min(1).max(100),
  redirectUris: z.array(z.url()).min(1).max(10),
  scopes: z.array(z.string()).optional(),
  /** The same app again, with other addresses: its tokens and its secret stay. */
  clientId: z.string().optional(),
})

const maxBodyBytes = 65_536

/** `GET` and `POST /{provider}/applications`, for programs of this machine: the answers hold secrets. */
export function registrarApi(registrars: Readonly<Record<string, Registrar>>): Hono {
  const at = (c: Context): Registrar | undefined => {
    const name = c.req.param('provider') ?? ''
    return Object.hasOwn(registrars, name) ? registrars[name] : undefined
  }
  return new Hono()
    .use(bodyLimit({ maxSize: maxBodyBytes }))
    .use(async (c, next) => {
      refuseForeignCalls(c)
      await next()
    })
    .get('/', (c) => c.json(Object.keys(registrars)))
    .get('/:provider/applications', (c) => {
      const registrar = at(c)
      return registrar === undefined ? c.notFound() : c.json(registrar.list().map(describe))
    })
    .post('/:provider/applications', async (c) => {
      const registrar = at(c)
      if (registrar === undefined) return c.notFound()
      const parsed = inputSchema.safeParse(await c.req.json().catch(() => undefined))
      if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400)
      const client = put(registrar, parsed.data)
      registrar.save()
      return c.json(describe(client), 201)
    })
}

function put(registrar: Registrar, input: z.infer<typeof inputSchema>): Client {
  const { name, redirectUris, scopes, clientId } = input
  const same = registrar.list().find((client) => client.clientId === clientId)
  if (same !== undefined) return Object.assign(same, { name, redirectUris })
  return registrar.register({
    name,
    redirectUris,
    ...(scopes !== undefined && { scopes }),
    ...(clientId !== undefined && { clientId }),
  })
}

function describe({ clientId, clientSecret, name, redirectUris }: Client) {
  return { clientId, clientSecret, name, redirectUris }
}
