/** A button before the code of an attempt is there. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createStandIn, makeConnection, type StandIn } from '../testing/stand-in.ts'
import { createKeywellClient } from './client.ts'

let standIn: StandIn
const cleanUps: (() => void)[] = []

/** Each test has a page of its own, which has fetched nothing yet. */
const page = vi.hoisted(() => ({
  isOffline: false,
  /** Until then the code is on its way. */
  arrives: Promise.resolve(),
  begin() {},
}))

vi.mock('./late-attempts.ts', async (load) => {
  const original = await load<typeof import('./late-attempts.ts')>()
  const { asConnectError } = await import('./error.ts')
  const { whenLoaded } = await import('./when-loaded.ts')
  const failure = new TypeError('Failed to fetch dynamically imported module')
  const loadAttempts = async () => {
    await page.arrives
    if (page.isOffline) throw asConnectError(failure)
    return original.loadAttempts()
  }
  let { withAttempts } = original
  page.begin = () => {
    page.isOffline = false
    page.arrives = Promise.resolve()
    withAttempts = whenLoaded(loadAttempts)
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

/** The code is on its way until the function that this returns is called. */
function holdCode(): () => void {
  let arrive = (): void => undefined
  page.begin()
  page.arrives = new Promise((resolve) => {
    arrive = resolve
  })
  return arrive
}

/** A redirect that has returned to the page. */
async function returnFromRedirect(): Promise<void> {
  standIn.browser.touch = true
  const { connect, detach, name } = makeButton()
  connect.start()
  await expect.poll(name).toBe('waiting')
  detach()
  standIn.browser.touch = false
  window.history.replaceState(null, '', `/#keywell_flow=${standIn.lastFlow.flowId}`)
}

function makeButton() {
  const client = createKeywellClient({ window: standIn.browser.window })
  const connect = client.connect({ provider: 'gitlab' })
  const handlers = { onEvent: vi.fn(), onExit: vi.fn(), onSuccess: vi.fn() }
  const states: string[] = []
  connect.subscribe(() => states.push(connect.getSnapshot().name))
  const detach = connect.attach(handlers)
  cleanUps.push(detach)
  return { client, connect, detach, ...handlers, states, name: () => connect.getSnapshot().name }
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

it('takes back a click that has begun nothing yet', async () => {
  const { connect, name } = makeButton()
  connect.start()
  connect.cancel()
  await expect.poll(name).toBe('idle')
  expect(standIn.browser.popups).toEqual([])
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

it('opens nothing for a button that is gone, which may come back', async () => {
  const arrive = holdCode()
  const { connect, detach, name } = makeButton()
  connect.start()
  detach()
  arrive()
  await vi.dynamicImportSettled()
  expect(standIn.browser.popups).toEqual([])
  cleanUps.push(connect.attach())
  expect(name()).toBe('idle')
  connect.start()
  expect(name()).toBe('opening')
  expect(standIn.browser.popups).toHaveLength(1)
})

it('follows the flow that a redirect returned with, in place of a click that was faster', async () => {
  await returnFromRedirect()
  const arrive = holdCode()
  const { connect, name, onSuccess } = makeButton()
  connect.start()
  arrive()
  await expect.poll(name).toBe('waiting')
  expect(standIn.browser.popups).toEqual([])
  standIn.move({ status: 'connected', connection: makeConnection() })
  await expect.poll(name).toBe('connected')
  await expect.poll(() => onSuccess.mock.calls).toHaveLength(1)
})

it('goes nowhere back where the list was faster than the flow of a redirect', async () => {
  await returnFromRedirect()
  standIn.move({ status: 'connected', connection: makeConnection() })
  const arrive = holdCode()
  const { states, name, onSuccess } = makeButton()
  await expect.poll(name).toBe('connected')
  arrive()
  await expect.poll(() => onSuccess.mock.calls).toHaveLength(1)
  expect(new Set(states)).toEqual(new Set(['connected']))
})

it('shows what a redirect that was denied did not change', async () => {
  standIn.connections = [makeConnection()]
  await returnFromRedirect()
  standIn.move({
    status: 'denied',
    error: { code: 'access_denied', message: 'Denied.', retryable: true },
  })
  const arrive = holdCode()
  const { name, onExit } = makeButton()
  await expect.poll(name).toBe('connected')
  arrive()
  await expect.poll(name).toBe('denied')
  await expect.poll(() => onExit.mock.calls).toHaveLength(1)
})
