import type { Messages } from '../messages.ts'
import { accountTexts } from '../texts/account.ts'
import { connectTexts } from '../texts/connect.ts'
import { hostTexts } from '../texts/host.ts'
import { managerTexts } from '../texts/manager.ts'
import { noteTexts } from '../texts/notes.ts'
import { scopeTexts } from '../texts/scopes.ts'
import { statusTexts } from '../texts/status.ts'
import { variableTexts } from '../texts/variable.ts'

/** All texts, as a page without texts of its own shows them. */
export const english: Messages = {
  locale: 'en',
  providers: {},
  ...connectTexts,
  ...noteTexts,
  ...accountTexts,
  ...hostTexts,
  ...variableTexts,
  ...scopeTexts,
  ...statusTexts,
  ...managerTexts,
}
