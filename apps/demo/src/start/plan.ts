import { join, resolve } from 'node:path'
import { z } from 'zod'
import { StartError } from './start-error.ts'

/** The addresses and folders of one `npm start`. */
export interface Plan {
  /** Top folder of the checkout. */
  readonly root: string
  /** Data, keys and logs; may be deleted to start over. */
  readonly data: string
  readonly apiKeyFile: string
  readonly ports: Readonly<Record<PortName, number>>
  readonly keywellUrl: string
  /** In the place of gitlab.com. */
  readonly sandbox: StandIn
  /** In the place of a GitLab that a company runs itself, under a relative root. */
  readonly selfManaged: StandIn
  /** The origins of the stand-ins for other providers. */
  readonly standIns: Readonly<Record<ProviderName, string>>
  /** Where apps are registered at those. */
  readonly standInsControlUrl: string
  /** Of definitions that lead to them. */
  readonly providersDir: string
  readonly demoUrl: string
  /** Origins that may connect at the service, comma-separated: Acme's, and those of other apps. */
  readonly appOrigin: string
}

/** Where a stand-in for GitLab is. */
export interface StandIn {
  readonly port: number
  readonly controlPort: number
  /** With its relative root, and without a slash at the end. */
  readonly url: string
  readonly controlUrl: string
}

export const portNames = [
  'KEYWELL_PORT',
  'SANDBOX_PORT',
  'SANDBOX_CONTROL_PORT',
  'SELF_MANAGED_PORT',
  'SELF_MANAGED_CONTROL_PORT',
  'DEMO_PORT',
  'GITHUB_PORT',
  'BITBUCKET_PORT',
  'AZURE_DEVOPS_PORT',
  'BUILDKITE_PORT',
  'ALGOLIA_PORT',
  'STAND_INS_CONTROL_PORT',
] as const
/** Named as the variable that overrides it. */
export type PortName = (typeof portNames)[number]

/** Providers besides GitLab that have a stand-in, and its port. */
const providerPorts: Readonly<Record<ProviderName, PortName>> = {
  github: 'GITHUB_PORT',
  bitbucket: 'BITBUCKET_PORT',
  'azure-devops': 'AZURE_DEVOPS_PORT',
  buildkite: 'BUILDKITE_PORT',
  algolia: 'ALGOLIA_PORT',
}
/** Named as in the catalogue. */
export type ProviderName = 'github' | 'bitbucket' | 'azure-devops' | 'buildkite' | 'algolia'

const port = z.coerce.number().int().min(1).max(65_535)
const environmentSchema = z.object({
  KEYWELL_PORT: port.default(7400),
  SANDBOX_PORT: port.default(7401),
  DEMO_PORT: port.default(7402),
  SANDBOX_CONTROL_PORT: port.default(7403),
  SELF_MANAGED_PORT: port.default(7404),
  SELF_MANAGED_CONTROL_PORT: port.default(7405),
  GITHUB_PORT: port.default(7406),
  BITBUCKET_PORT: port.default(7407),
  AZURE_DEVOPS_PORT: port.default(7408),
  BUILDKITE_PORT: port.default(7409),
  ALGOLIA_PORT: port.default(7410),
  STAND_INS_CONTROL_PORT: port.default(7411),
  /** Another folder for data, keys and logs. */
  KEYWELL_HOME: z.string().min(1).default('.keywell'),
  /** Origins of other apps, comma-separated. Default: none, Acme alone. */
  KEYWELL_APP_ORIGIN: z.string().min(1).optional(),
})

/** Throws `StartError` for a port that is no port, or that is given twice. */
export function makePlan(root: string, environment: NodeJS.ProcessEnv): Plan {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success) throw new StartError(z.prettifyError(parsed.error))
  const { KEYWELL_HOME, KEYWELL_APP_ORIGIN, ...ports } = parsed.data
  for (const [index, name] of portNames.entries()) {
    const other = portNames.slice(index + 1).find((next) => ports[next] === ports[name])
    if (other) throw new StartError(`${name} and ${other} are both ${ports[name]}.`)
  }
  const demoUrl = `http://localhost:${ports.DEMO_PORT}`
  const data = resolve(root, KEYWELL_HOME)
  return {
    root,
    data,
    apiKeyFile: join(data, 'api-key'),
    ports,
    keywellUrl: `http://127.0.0.1:${ports.KEYWELL_PORT}`,
    // Another site than the service, as a real provider would be: cookies of the two never mix.
    sandbox: standInAt(ports.SANDBOX_PORT, ports.SANDBOX_CONTROL_PORT, ''),
    selfManaged: standInAt(ports.SELF_MANAGED_PORT, ports.SELF_MANAGED_CONTROL_PORT, '/gitlab'),
    standIns: standInsAt(ports),
    standInsControlUrl: `http://127.0.0.1:${ports.STAND_INS_CONTROL_PORT}`,
    providersDir: join(data, 'providers'),
    demoUrl,
    appOrigin: KEYWELL_APP_ORIGIN === undefined ? demoUrl : `${demoUrl},${KEYWELL_APP_ORIGIN}`,
  }
}

function standInsAt(ports: Plan['ports']): Plan['standIns'] {
  const urls = Object.entries(providerPorts).map(([name, portName]) => [
    name,
    `http://localhost:${ports[portName]}`,
  ])
  // One for each key of the record.
  return Object.fromEntries(urls) as Plan['standIns']
}

function standInAt(port: number, controlPort: number, relativeRoot: string): StandIn {
  return {
    port,
    controlPort,
    url: `http://localhost:${port}${relativeRoot}`,
    controlUrl: `http://127.0.0.1:${controlPort}`,
  }
}
