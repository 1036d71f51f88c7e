import { type After, createLoop } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Chainer } from './chainer.ts'
import type { Heads } from './heads.ts'
import type { AuditRetention } from './retention.ts'

/** Between two looks at the tail: so long an entry is in no chain. */
export const linkEveryMs = 1_000
/** Between two looks for entries that are too old. */
export const trimEveryMs = 3_600_000

/** What of it can fail, by its line in the log. */
type Failure = 'audit linking failed' | 'audit partition failed' | 'audit retention failed'

export interface AuditWorker {
  start(): void
  /** Links what there is as a last act. */
  stop(): Promise<void>
}

/** Links, signs and trims, for as long as the process lives. Any number of them may run beside. */
export function createAuditWorker(parts: {
  chainer: Chainer
  heads: Pick<Heads, 'sign'>
  retention: AuditRetention
  logger: Logger
  after: After
}): AuditWorker {
  const { chainer, heads, retention, logger, after } = parts
  const link = attempt('audit linking failed', async () => {
    await chainer.link()
    await heads.sign()
  })
  const makeWeeks = attempt('audit partition failed', retention.makeWeeks)
  const removeOld = attempt('audit retention failed', retention.trim)
  const trim = async () => {
    await makeWeeks()
    await removeOld()
  }
  const loops = [createLoop(link, linkEveryMs, after), createLoop(trim, trimEveryMs, after)]
  let started = false
  let begun = Promise.resolve()

  /** What fails is tried again at its next turn. */
  function attempt(failed: Failure, run: () => Promise<unknown>): () => Promise<void> {
    return async () => {
      try {
        await run()
      } catch (error) {
        logger.warn({ reason: String(error) }, failed)
      }
    }
  }

  return {
    start() {
      started = true
      begun = makeWeeks() // who was away for long has none for today
      for (const loop of loops) loop.start()
    },
    async stop() {
      await Promise.all([begun, ...loops.map((loop) => loop.stop())])
      if (started) await link()
      started = false
    },
  }
}
