/** A line that the schema does not know does not compile. Checked by `tsc -p test`; nothing here runs. */
import { silentLogger as logger } from './logger.ts'

logger.warn({ reason: 'away' }, 'sweep failed')
// @ts-expect-error the schema has no such message
logger.warn({ reason: 'away' }, 'something happened')
// @ts-expect-error the message has another level
logger.error({ reason: 'away' }, 'sweep failed')
// @ts-expect-error a field is missing
logger.warn({}, 'sweep failed')
// @ts-expect-error the message has no such field
logger.warn({ reason: 'away', user: 'Ada' }, 'sweep failed')
