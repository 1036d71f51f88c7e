import type { ReactElement } from 'react'
import { type IconName, iconPaths } from './icon-paths.ts'
import { useParts } from './parts.ts'

/** Drawn with one stroke in the colour of the text. Decoration: the words beside it say the same. */
export function Icon({ name }: { name: IconName }): ReactElement {
  const part = useParts()
  return (
    <svg
      {...part('glyph')}
      data-keywell-glyph={name}
      aria-hidden
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={iconPaths[name]} />
    </svg>
  )
}
