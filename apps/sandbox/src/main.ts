import { join } from 'node:path'
import { z } from 'zod'
import { createSandbox } from './sandbox.ts'
import { createStandIns } from './stand-ins.ts'

/** All stand-ins in one process, each at an origin of its own. */
const port = z.coerce.number().int().min(0).max(65_535)
const environment = z
  .object({
    SANDBOX_PORT: port.default(7401),
    SANDBOX_CONTROL_PORT: port.default(0),
    SELF_MANAGED_PORT: port.default(7404),
    SELF_MANAGED_CONTROL_PORT: port.default(0),
    GITHUB_PORT: port.default(7406),
    BITBUCKET_PORT: port.default(7407),
    AZURE_DEVOPS_PORT: port.default(7408),
    BUILDKITE_PORT: port.default(7409),
    ALGOLIA_PORT: port.default(7410),
    STAND_INS_CONTROL_PORT: port.default(0),
    SANDBOX_DATA_DIR: z.string().min(1).optional(),
  })
  .safeParse(process.env)
if (!environment.success) fail(z.prettifyError(environment.error))

const { SANDBOX_DATA_DIR: dataDir, ...ports } = environment.data
const { urls, stop } = await start().catch((error: unknown) =>
  fail(error instanceof Error ? error.message : String(error)),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stop().then(() => process.exit(0)))
}
for (const [name, url] of Object.entries(urls)) process.stdout.write(`${name} at ${url}\n`)

async function start() {
  const others = await createStandIns({
    ports: {
      github: ports.GITHUB_PORT,
      bitbucket: ports.BITBUCKET_PORT,
      'azure-devops': ports.AZURE_DEVOPS_PORT,
      buildkite: ports.BUILDKITE_PORT,
      algolia: ports.ALGOLIA_PORT,
    },
    controlPort: ports.STAND_INS_CONTROL_PORT,
    dataDir,
  })
  const gitlab = await gitlabAt(ports.SANDBOX_PORT, ports.SANDBOX_CONTROL_PORT, 'sandbox', '')
  const own = await gitlabAt(
    ports.SELF_MANAGED_PORT,
    ports.SELF_MANAGED_CONTROL_PORT,
    'self-managed',
    '/gitlab',
  )
  return {
    urls: { gitlab: gitlab.url, 'self-managed gitlab': own.url, ...others.urls },
    stop: async () => {
      await Promise.all([gitlab, own, others].map((each) => each.stop()))
    },
  }
}

/** @param file name of its data */
function gitlabAt(frontPort: number, controlPort: number, file: string, relativeRoot: string) {
  return createSandbox({
    port: frontPort,
    controlPort,
    relativeRoot,
    ...(dataDir !== undefined && { dataFile: join(dataDir, `${file}.json`) }),
    ...(frontPort !== 0 && { publicUrl: `http://localhost:${frontPort}${relativeRoot}` }),
  })
}

function fail(message: string): never {
  process.stderr.write(`The stand-ins cannot start: ${message}\n`)
  process.exit(1)
}
