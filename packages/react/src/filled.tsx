import { Fragment, type ReactElement, type ReactNode } from 'react'
import { own } from './own.ts'

/** Puts elements in the place of their names, such as a `<time>` amid a sentence. */
export function Filled(props: {
  text: string
  values: Readonly<Partial<Record<string, ReactNode>>>
}): ReactElement {
  // Every second piece is a name.
  const pieces = props.text.split(/\{(\w+)\}/)
  return (
    <>
      {pieces.map((piece, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places
        <Fragment key={place}>{place % 2 ? own(props.values, piece) : piece}</Fragment>
      ))}
    </>
  )
}
