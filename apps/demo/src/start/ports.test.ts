import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { makePlan, portNames } from './plan.ts'
import { isFree, refuseTakenPorts } from './ports.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(port = 0): Promise<number> {
  const server = createServer()
  servers.push(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port // a TCP server has an address of this form
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const port = await listen()
  const server = servers.pop()
  server?.close()
  if (server) await once(server, 'close')
  return port
}

async function planOfFreePorts(changes: Record<string, string> = {}) {
  const free: Record<string, string> = {}
  for (const name of portNames) free[name] = String(await freePort())
  return makePlan('/keywell', { ...free, ...changes })
}

test('says nothing when all are free, and takes none', async () => {
  const plan = await planOfFreePorts()
  await refuseTakenPorts(plan)
  expect(await isFree(plan.ports.DEMO_PORT)).toBe(true)
})

test('a taken port is named, with a command that works', async () => {
  const taken = await listen()
  const plan = await planOfFreePorts({ SANDBOX_PORT: String(taken) })
  const refusal = await refuseTakenPorts(plan).catch((error: Error) => error.message)
  expect(refusal).toContain(`Port ${taken}, for the GitLab stand-in, is already in use.`)
  const [, other] = /SANDBOX_PORT=(\d+) npm start/.exec(String(refusal)) ?? []
  await refuseTakenPorts({ ...plan, ports: { ...plan.ports, SANDBOX_PORT: Number(other) } })
})

test('when all are taken it asks whether Acme is running already', async () => {
  const taken: Record<string, string> = {}
  for (const name of portNames) taken[name] = String(await listen())
  const plan = makePlan('/keywell', taken)
  await expect(refuseTakenPorts(plan)).rejects.toThrow(
    `Is Acme running already, at ${plan.demoUrl}?`,
  )
})
