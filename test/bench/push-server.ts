/**
 * The service of the push bench, in a process of its own, so that what its streams weigh is seen. It
 * makes a connection, and says what its memory is, whenever it is asked to.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openOwner } from '../support/inspected.ts'
import { createStage } from '../support/stage.ts'
import { atInfo } from './at-info.ts'

const database = await openOwner(process.argv[2] ?? '')
const stage = await createStage(database, { swept: false, logger: atInfo })
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

process.on('message', async (asked: 'memory' | { tenantId: string; userId: string }) => {
  if (asked === 'memory') {
    collect()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    process.send?.({ bytes: heapUsed + external })
  } else {
    const { connection } = await stage.connect({ who: asked })
    process.send?.({ connectionId: connection?.id })
  }
})
process.once('disconnect', () => process.exit())
process.send?.({ url: stage.url, apiKey: stage.apiKey })
