import type { AnchorHTMLAttributes, MouseEvent, ReactElement } from 'react'
import { goTo } from './location.ts'

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }

/** An ordinary link that changes the page without loading it; new tabs and windows work as ever. */
export function Link({ href, ...rest }: LinkProps): ReactElement {
  return <a {...rest} href={href} onClick={(event) => follow(event, href)} />
}

function follow(event: MouseEvent, href: string): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
  event.preventDefault()
  goTo(href)
}
