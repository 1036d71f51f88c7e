import type { ReactElement } from 'react'
import type { Answers } from './stand-in.ts'

/** One state of one component. */
export interface Section {
  /** In the address: `#connected`, `?section=connected`. */
  readonly id: string
  readonly title: string
  readonly answers?: Answers
  readonly show: () => ReactElement
  /** What a person clicks, one after the other. */
  readonly clicks?: readonly string[]
  /** What is there once the state is reached. */
  readonly until: string
  /** It takes the whole page, so that it can be shown alone only. */
  readonly isModal?: boolean
  /** It takes the width of the page. */
  readonly isWide?: boolean
}

export interface Group {
  readonly title: string
  readonly sections: readonly Section[]
}
