import { vi } from 'vitest'
import type { Browser } from '../testing/browser.ts'
import { type ClientOptions, createKeywellClient } from './client.ts'
import type { Connect, ConnectHandlers } from './connect.ts'

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
    const connect = makeClient(options).connect(target)
    const handlers = {
      onSuccess: vi.fn<NonNullable<ConnectHandlers['onSuccess']>>(),
      onExit: vi.fn<NonNullable<ConnectHandlers['onExit']>>(),
      onEvent: vi.fn<NonNullable<ConnectHandlers['onEvent']>>(),
    }
    const detach = connect.attach(handlers)
    cleanUps.push(detach)
    return { connect, detach, ...handlers }
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
