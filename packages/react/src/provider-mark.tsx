import type { ReactElement } from 'react'
import { useBrand } from './use-connections.ts'

export interface ProviderMarkProps {
  /** Name in the catalogue, e.g. `gitlab`. */
  provider: string
  /** Name for screen readers. Default: none, for a mark beside the name. */
  title?: string | undefined
  /** Pixels, also without our stylesheet. Default: 20. */
  size?: number | undefined
  /** Class names of the element. */
  className?: string | undefined
}

/**
 * The provider's mark, in its owner's colour, as the service has it. The first letter of its name where there is none,
 * until the list of connections is read, and outside of a `KeywellProvider`.
 */
export function ProviderMark(props: ProviderMarkProps): ReactElement {
  const { provider, title, size = 20, className } = props
  const mark = useBrand(provider)?.mark
  const name = title ? { role: 'img', 'aria-label': title } : { 'aria-hidden': true }
  return mark ? (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it is hidden or has a label
    <svg
      {...name}
      className={className}
      data-keywell-mark=""
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill={mark.color ?? 'currentColor'}
    >
      <path d={mark.path} />
    </svg>
  ) : (
    // The stylesheet shows the letter; without it, a letter beside the name would be in the way.
    <span
      {...name}
      className={className}
      data-keywell-mark={(title ?? provider).charAt(0).toUpperCase()}
    />
  )
}
