import type { ReactElement } from 'react'
import { initials } from './words.ts'

/**
 * Initials on a quiet ground. Pictures would have to come from the provider's host, and the page's
 * content security policy loads nothing from elsewhere.
 */
export function Avatar({ name, large }: { name: string; large?: boolean }): ReactElement {
  return (
    <span className={large ? 'avatar avatar-large' : 'avatar'} aria-hidden="true">
      {initials(name)}
    </span>
  )
}
