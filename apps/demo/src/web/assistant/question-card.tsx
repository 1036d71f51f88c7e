import { type ReactElement, type ReactNode, useEffect, useId, useRef } from 'react'

/**
 * Something that the user has to decide before the assistant goes on.
 *
 * @param arrives - It comes while the user waits, so that the focus goes there.
 */
export function QuestionCard(props: {
  title: string
  open: boolean
  arrives: boolean
  children?: ReactNode
}): ReactElement {
  const { title, open } = props
  const titleId = useId()
  const card = useRef<HTMLElement>(null)
  const takesFocus = useRef(props.arrives && open)
  useEffect(() => {
    if (takesFocus.current) card.current?.focus()
    takesFocus.current = false
  }, [])
  return (
    <section
      ref={card}
      className="question"
      data-open={open}
      tabIndex={open ? -1 : undefined}
      aria-labelledby={open ? titleId : undefined}
    >
      <h3 id={titleId}>{title}</h3>
      {props.children}
    </section>
  )
}
