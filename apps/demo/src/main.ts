import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { z } from 'zod'
import { modelFrom } from './server/assistant/vendors/model-from.ts'
import { createDemo } from './server.ts'

/** Runs Acme: settings from the environment, one JSON line per event, drains on a signal. */
const settingsSchema = z.object({
  DEMO_PORT: z.coerce.number().int().min(1).max(65_535).default(7402),
  DEMO_ORIGIN: z.url().optional(),
  KEYWELL_URL: z.url().default('http://127.0.0.1:7400'),
  GITLAB_HOST: z.url().optional(),
  SELF_MANAGED_HOST: z.url().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  OPENAI_API_KEY: z.string().optional(),
  ASSISTANT_MODEL: z.string().optional(),
})

const settings = settingsSchema.parse(process.env)
const origin = settings.DEMO_ORIGIN ?? `http://localhost:${settings.DEMO_PORT}`
const demo = createDemo({
  keywellUrl: settings.KEYWELL_URL,
  origin,
  assets: fileURLToPath(new URL('../dist/public', import.meta.url)),
  gitlabHost: settings.GITLAB_HOST,
  selfManagedHost: settings.SELF_MANAGED_HOST,
  model: await modelFrom(settings),
  now: Date.now,
  randomBytes,
  onError: (error) => log({ msg: 'request failed', error: describe(error) }),
})

const server = serve({ fetch: demo.fetch, port: settings.DEMO_PORT, hostname: 'localhost' }, () =>
  log({ msg: 'listening', origin }),
)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)

function stop(): void {
  log({ msg: 'stopping' })
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections()
  demo.close()
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function log(entry: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)
}
