import type { ReactElement } from 'react'

const paths = {
  check: 'm3.5 8.5 3 3 6-7',
  alert: 'M8 3.5v5M8 12v.1',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
}

/** Drawn with one stroke in the colour of the text. Decoration: the words beside it say the same. */
export function Icon({ name }: { name: keyof typeof paths }): ReactElement {
  return (
    <svg
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
      <path d={paths[name]} />
    </svg>
  )
}
