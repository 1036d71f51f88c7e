import { latePart } from './late-part.ts'

/** What stands beside a button: no page needs it for its first paint, and every page before a click. */
export const loadBeside = (): Promise<typeof import('./connect-beside.tsx')> =>
  import('./connect-beside.tsx')

/** Fetched when the first button is mounted. */
export const useBeside: () => typeof import('./connect-beside.tsx') | null | undefined =
  latePart(loadBeside)
