/** A button before the code of an attempt is there. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createStandIn, makeConnection, type StandIn } from '../testing/stand-in.ts'
import { createKeywellClient } from './client.ts'

let standIn: StandIn
const cleanUps: (() => void)[] = []

/** Each test has a page of its own, which has fetched nothing yet. */
const page = vi.hoisted(() => ({ isOffline: false, begin() {} }))

vi.mock('./late-attempts.ts', async (load) => {
  const original = await load<typeof import('./late-attempts.ts')>()
  const { asConnectError } = await import('./error.ts')
  const failure = new TypeError('Failed to fetch dynamically imported module')
  const loadAttempts = () =>
    page.isOffline ? Promise.reject(asConnectError(failure)) : original.loadAttempts()
  let { withAttempts } = original
  page.begin = () => {
    page.isOffline = false
    withAttempts = original.whenLoaded(loadAttempts)
  }
  return {
    loadAttempts,
    withAttempts: (...how: Parameters<typeof withAttempts>) => withAttempts(...how),
  }
})

beforeEach(() => {
  standIn = createStandIn()
  page.begin()
})

afterEach(() => {
  for (const run of cleanUps.splice(0)) run()
  expect(standIn.browser.faults).toEqual([])
})

function makeButton() {
  const client = createKeywellClient({ window: standIn.browser.window })
  const connect = client.connect({ provider: 'gitlab' })
  const onExit = vi.fn()
  cleanUps.push(connect.attach({ onExit }))
  return { client, connect, onExit, name: () => connect.getSnapshot().name }
}

it('begins at once where a button was attached a moment before the click', async () => {
  const { connect, name } = makeButton()
  await vi.dynamicImportSettled()
  connect.start()
  expect(standIn.browser.popups).toHaveLength(1)
  expect(name()).toBe('opening')
})

it('begins as soon as the code is there, shows until then that it opens, and hears no second click', async () => {
  const { connect, name } = makeButton()
  connect.start()
  connect.start()
  expect(name()).toBe('opening')
  expect(standIn.browser.popups).toEqual([])
  await expect.poll(name).toBe('waiting')
  expect(standIn.browser.popups).toHaveLength(1)
})

it('cancels what has not begun', async () => {
  const { connect, name, onExit } = makeButton()
  connect.start()
  connect.cancel()
  await expect.poll(name).toBe('cancelled')
  await expect.poll(() => onExit.mock.calls).toMatchObject([[null, { provider: 'gitlab' }]])
  expect(standIn.browser.popups.every(({ closed }) => closed)).toBe(true)
})

it('says that the code cannot be fetched, and fetches it again with the next click', async () => {
  page.isOffline = true
  const { client, connect, name, onExit } = makeButton()
  expect(name()).toBe('idle')
  connect.prepare()
  connect.start()
  await expect.poll(name).toBe('error')
  const error = expect.objectContaining({ code: 'unavailable', retryable: true })
  await expect.poll(() => onExit.mock.calls).toEqual([[error, expect.anything()]])
  await expect(client.request('/connect/providers', {})).rejects.toEqual(error)
  expect(standIn.browser.popups).toEqual([])

  page.isOffline = false
  connect.start()
  await expect.poll(name).toBe('waiting')
})

it('shows the connection all the same', async () => {
  page.isOffline = true
  standIn.connections = [makeConnection()]
  const { name } = makeButton()
  await expect.poll(name).toBe('connected')
})
