/** What the sandbox can do by itself, so that its limit is not mistaken for the service's. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { runnable } from '../support/runnable.ts'
import type { Figure } from './figure.ts'
import type { RefreshStage } from './refresh-stage.ts'

const answered = z.object({ refreshes: z.number(), ms: z.number() })

/** Refreshes pairs of its own, over and over, from a process of its own and straight to the sandbox. */
export async function providerAlone(
  { control, providerUrl }: RefreshStage,
  ms: number,
): Promise<Figure> {
  const application = await control.registerApplication({
    name: 'Bench',
    redirectUris: ['http://127.0.0.1/unused'],
    scopes: ['read_api'],
  })
  const tokens = await Promise.all(
    Array.from({ length: 32 }, () =>
      control.issueToken({ clientId: application.clientId, username: 'ada', scopes: ['read_api'] }),
    ),
  )
  const path = fileURLToPath(new URL('provider-alone-client.ts', import.meta.url))
  const { flags, main } = runnable(path)
  const client = fork(main, [], {
    execArgv: flags,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  client.send({
    url: `${providerUrl}/oauth/token`,
    client: { client_id: application.clientId, client_secret: application.clientSecret },
    refreshTokens: tokens.map(({ refreshToken }) => refreshToken),
    ms,
  })
  const [answer]: unknown[] = await once(client, 'message')
  const { refreshes, ms: takenMs } = answered.parse(answer)
  await once(client, 'exit')
  await control.removeApplication(application.clientId)
  return {
    name: 'the sandbox alone, refreshes without the service',
    value: (refreshes * 1_000) / takenMs,
    unit: 'per second',
    goal: null,
    better: 'higher',
  }
}
