import type { ReactElement } from 'react'
import { Link } from '../link.tsx'

export function Missing(): ReactElement {
  return (
    <>
      <h1>There is no such page</h1>
      <p className="lead">
        The address may be mistyped. <Link href="/">Back to the overview</Link>
      </p>
    </>
  )
}
