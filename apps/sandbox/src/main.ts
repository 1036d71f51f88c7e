import { z } from 'zod'
import { createSandbox } from './sandbox.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const environment = z
  .object({
    SANDBOX_PORT: port.default(7401),
    SANDBOX_CONTROL_PORT: port.default(0),
    SANDBOX_DATA: z.string().min(1).optional(),
    SANDBOX_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  })
  .safeParse(process.env)
if (!environment.success) fail(z.prettifyError(environment.error))

const { SANDBOX_PORT, SANDBOX_CONTROL_PORT, SANDBOX_DATA, SANDBOX_PUBLIC_URL } = environment.data
const sandbox = await createSandbox({
  port: SANDBOX_PORT,
  controlPort: SANDBOX_CONTROL_PORT,
  ...(SANDBOX_DATA === undefined ? {} : { dataFile: SANDBOX_DATA }),
  ...(SANDBOX_PUBLIC_URL === undefined ? {} : { publicUrl: SANDBOX_PUBLIC_URL }),
}).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandbox.stop().then(() => process.exit(0)))
}
process.stdout.write(`GitLab Sandbox at ${sandbox.url} (control: ${sandbox.controlUrl})\n`)

function fail(message: string): never {
  process.stderr.write(`GitLab Sandbox cannot start: ${message}\n`)
  process.exit(1)
}
