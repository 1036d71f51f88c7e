import { lookup } from 'node:dns/promises'
import { createServer } from 'node:net'
import { type Plan, type PortName, portNames } from './plan.ts'
import { StartError } from './start-error.ts'

const owners: Record<PortName, string> = {
  KEYWELL_PORT: 'the Keywell service',
  SANDBOX_PORT: 'the GitLab stand-in',
  SANDBOX_CONTROL_PORT: 'the control port of the GitLab stand-in',
  SELF_MANAGED_PORT: 'the stand-in for a self-managed GitLab',
  SELF_MANAGED_CONTROL_PORT: 'the control port of the stand-in for a self-managed GitLab',
  DEMO_PORT: 'Acme',
  GITHUB_PORT: 'the GitHub stand-in',
  BITBUCKET_PORT: 'the Bitbucket stand-in',
  AZURE_DEVOPS_PORT: 'the Azure DevOps stand-in',
  BUILDKITE_PORT: 'the Buildkite stand-in',
  ALGOLIA_PORT: 'the Algolia stand-in',
  STAND_INS_CONTROL_PORT: 'the control port of the stand-ins',
}

/** Throws `StartError` with the command to run, before anything has been started. */
export async function refuseTakenPorts({ ports, demoUrl }: Plan): Promise<void> {
  const taken: PortName[] = []
  for (const name of portNames) if (!(await isFree(ports[name]))) taken.push(name)
  if (taken.length === 0) return

  const used = new Set(Object.values(ports))
  const command: string[] = []
  for (const name of taken) command.push(`${name}=${await nextFree(ports[name], used)}`)
  throw new StartError(
    [
      ...taken.map((name) => `Port ${ports[name]}, for ${owners[name]}, is already in use.`),
      ...(taken.length === portNames.length ? [`Is Acme running already, at ${demoUrl}?`] : []),
      '',
      'To use other ports, run:',
      '',
      `  ${command.join(' ')} npm start`,
    ].join('\n'),
  )
}

/** Free on every address of `localhost`: a port may be in use on `::1` alone. */
export async function isFree(port: number): Promise<boolean> {
  const addresses = new Set(['127.0.0.1'])
  for (const { address } of await lookup('localhost', { all: true })) addresses.add(address)
  for (const host of addresses) if (!(await canListen(port, host))) return false
  return true
}

async function nextFree(port: number, used: Set<number>): Promise<number> {
  for (let candidate = port + 10; candidate < 65_536; candidate += 10) {
    if (!used.has(candidate) && (await isFree(candidate))) {
      used.add(candidate)
      return candidate
    }
  }
  throw new StartError(`There is no free port above ${port}.`)
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 may still name ::1; no port is in use there.
      if (error.code === 'EADDRNOTAVAIL') resolve(true)
      else if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
