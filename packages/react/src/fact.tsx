import type { ReactElement, ReactNode } from 'react'

/** A name and what it stands for, in the list of facts of an account. */
export function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
