/** A button before the code of an attempt is there. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createStandIn, type StandIn } from '../testing/stand-in.ts'

let standIn: StandIn
const cleanUps: (() => void)[] = []

beforeEach(() => {
  standIn = createStandIn()
  // Each test has a page of its own, which has fetched nothing yet.
  vi.resetModules()
})

afterEach(() => {
  for (const run of cleanUps.splice(0)) run()
  isOffline = false
  expect(standIn.browser.faults).toEqual([])
})

async function makeButton() {
  const { createKeywellClient } = await import('./client.ts')
  const client = createKeywellClient({ window: standIn.browser.window })
  const connect = client.connect({ provider: 'gitlab' })
  const onExit = vi.fn()
  cleanUps.push(connect.attach({ onExit }))
  return { client, connect, onExit, name: () => connect.getSnapshot().name }
}

let isOffline = false

vi.mock('./late-attempts.ts', async (load) => {
  const original = await load<typeof import('./late-attempts.ts')>()
  const { asConnectError } = await import('./error.ts')
  const failure = new TypeError('Failed to fetch dynamically imported module')
  return {
    loadAttempts: () =>
      isOffline ? Promise.reject(asConnectError(failure)) : original.loadAttempts(),
  }
})

it('begins at once where a button was attached a moment before the click', async () => {
  const { connect, name } = await makeButton()
  await vi.dynamicImportSettled()
  connect.start()
  expect(standIn.browser.popups).toHaveLength(1)
  expect(name()).toBe('opening')
})

it('begins as soon as the code is there, shows until then that it opens, and hears no second click', async () => {
  const { connect, name } = await makeButton()
  connect.start()
  connect.start()
  expect(name()).toBe('opening')
  expect(standIn.browser.popups).toEqual([])
  await expect.poll(name).toBe('waiting')
  expect(standIn.browser.popups).toHaveLength(1)
})

it('cancels what has not begun', async () => {
  const { connect, name, onExit } = await makeButton()
  connect.start()
  connect.cancel()
  await expect.poll(name).toBe('cancelled')
  await expect.poll(() => onExit.mock.calls).toMatchObject([[null, { provider: 'gitlab' }]])
  expect(standIn.browser.popups.every(({ closed }) => closed)).toBe(true)
})

it('says that the code cannot be fetched, and fetches it again with the next click', async () => {
  isOffline = true
  const { client, connect, name, onExit } = await makeButton()
  expect(name()).toBe('idle')
  connect.prepare()
  connect.start()
  await expect.poll(name).toBe('error')
  const error = expect.objectContaining({ code: 'unavailable', retryable: true })
  await expect.poll(() => onExit.mock.calls).toEqual([[error, expect.anything()]])
  await expect(client.request('/connect/providers', {})).rejects.toEqual(error)
  expect(standIn.browser.popups).toEqual([])

  isOffline = false
  connect.start()
  await expect.poll(name).toBe('waiting')
})

it('shows the connection all the same', async () => {
  isOffline = true
  const { makeConnection } = await import('../testing/stand-in.ts')
  standIn.connections = [makeConnection()]
  const { name } = await makeButton()
  await expect.poll(name).toBe('connected')
})
