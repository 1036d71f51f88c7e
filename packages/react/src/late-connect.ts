import { latePart, type UsePart } from './late-part.ts'

/**
 * What stands beside a button: no page needs it for its first paint, and every page before a click. Fetched when the
 * first button is mounted, and where that failed, with the next step of an attempt.
 */
export const useBeside: UsePart<typeof import('./connect-beside.tsx')> = latePart(
  () => import('./connect-beside.tsx'),
)
