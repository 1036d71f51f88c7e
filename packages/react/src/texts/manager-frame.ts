import type { ManagerTexts } from './manager.ts'

/** Of the list of connected accounts, before its accounts are there. */
export const managerFrameTexts: {
  readonly manager: Pick<ManagerTexts['manager'], 'heading' | 'loading'>
} = {
  manager: { heading: 'Connected accounts', loading: 'Loading your accounts …' },
}
