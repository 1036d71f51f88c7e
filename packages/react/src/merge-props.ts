import { mapValues } from './own.ts'
import { joinClasses } from './parts.ts'

type Props = Record<string, unknown>

/**
 * Our props with those of an app, which win; but class names add up, and handlers run one after the other, the app's
 * first. What only the app has is left out.
 */
export function mergeProps<Ours extends object>(ours: Ours, theirs: object): Ours {
  return mapValues(ours, (value, name) => merge(name, value, (theirs as Props)[name]))
}

function merge(name: string, ours: unknown, theirs: unknown): unknown {
  if (typeof ours === 'function' && typeof theirs === 'function') {
    return (...args: unknown[]) => {
      theirs(...args)
      ours(...args)
    }
  }
  if (name === 'className') return joinClasses(ours as string, theirs as string)
  if (name === 'style') return { ...(ours as Props), ...(theirs as Props) }
  return theirs ?? ours
}
