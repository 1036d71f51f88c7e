import { toNextHandlers } from '@keywell/sdk/next'
import { signedIn } from '../../../../../session.ts'
import { keywell } from '../../../../keywell.ts'

// For the connect button of `@keywell/react`.
export const { GET, POST, DELETE } = toNextHandlers(keywell, ({ headers }) =>
  signedIn(headers.get('cookie')),
)
