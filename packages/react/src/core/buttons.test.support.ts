import { vi } from 'vitest'
import type { Browser } from '../testing/browser.ts'
import type { ConnectHandlers } from './button.ts'
import { type ClientOptions, createKeywellClient } from './client.ts'
import type { Connect } from './connect.ts'

/** Clients and buttons of a file's tests, each on the browser of the test that makes it. */
export function createButtons(browser: () => Browser) {
  const cleanUps: (() => void)[] = []

  function makeClient(options: ClientOptions = {}) {
    return createKeywellClient({ window: browser().window, ...options })
  }

  function makeButton(
    target: Parameters<ReturnType<typeof makeClient>['connect']>[0] = { provider: 'gitlab' },
    options: ClientOptions = {},
  ) {
    const client = makeClient(options)
    const connect = client.connect(target)
    const handlers = {
      onSuccess: vi.fn<NonNullable<ConnectHandlers['onSuccess']>>(),
      onExit: vi.fn<NonNullable<ConnectHandlers['onExit']>>(),
      onEvent: vi.fn<NonNullable<ConnectHandlers['onEvent']>>(),
    }
    const detach = connect.attach(handlers)
    cleanUps.push(detach)
    return { client, connect, detach, ...handlers }
  }

  return {
    makeClient,
    makeButton,
    /** Run by `cleanUp`. */
    cleanUps,
    cleanUp() {
      for (const run of cleanUps.splice(0)) run()
    },
    callsTo: (begin: string) => browser().calls.filter((call) => call.startsWith(begin)),
  }
}

export const nameOf = (connect: Connect) => connect.getSnapshot().name

/** A click of a test then finds the code of an attempt, as one does that comes a moment after the page. */
export async function fetchAttempts(): Promise<void> {
  createKeywellClient({ window }).connect({ provider: 'gitlab' }).attach()()
  await import('./attempt.ts')
}
