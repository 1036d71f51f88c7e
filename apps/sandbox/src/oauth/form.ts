import type { Context } from 'hono'

/** Parameters of a request: the last one of a name counts, an empty one is absent. */
export type Parameters = Readonly<Record<string, string | undefined>>

/** The body as a form, or as flat JSON, which Rails takes too. What cannot be read has no parameters. */
export async function readForm(c: Context): Promise<Parameters> {
  const type = c.req.header('content-type') ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return fromEntries(new URLSearchParams(await c.req.text()))
  }
  if (!type.startsWith('application/json')) return {}
  const body: unknown = await c.req.json().catch(() => null)
  if (typeof body !== 'object' || body === null) return {}
  return fromEntries(Object.entries(body).filter((entry) => typeof entry[1] === 'string'))
}

export function readQuery(c: Context): Parameters {
  return fromEntries(new URL(c.req.url).searchParams)
}

function fromEntries(entries: Iterable<[string, string]>): Parameters {
  const parameters: Record<string, string> = Object.create(null)
  for (const [name, value] of entries) if (value !== '') parameters[name] = value
  return parameters
}
