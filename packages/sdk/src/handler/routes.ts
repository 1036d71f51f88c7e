import { KeywellError } from '@keywell/protocol'

export type Route = {
  /** Path at which the handler is mounted, without a slash at the end. */
  readonly mountPath: string
  /** A page of another site must be kept from calling it: it changes something, or holds a place of the user. */
  readonly ownPagesOnly: boolean
} & (
  | { readonly name: 'session' | 'finish-page' | 'finish' | 'connections' | 'events' | 'approve' }
  | { readonly name: 'disconnect'; readonly connectionId: string }
)

/** Finds the route by the end of the path, so that the handler need not know where it is mounted. */
export function routeOf(method: string, pathname: string): Route {
  const parts = pathname.replace(/\/$/, '').split('/')
  const last = parts.at(-1) ?? ''
  const mountPath = parts.slice(0, -1).join('/')
  switch (`${method} ${last}`) {
    case 'POST session':
      return { name: 'session', mountPath, ownPagesOnly: true }
    case 'GET finish':
      // A navigation from the service, hence from another site; its ticket is the proof.
      return { name: 'finish-page', mountPath, ownPagesOnly: false }
    case 'GET approve':
      // A navigation, from wherever the agent has shown the address. It decides nothing.
      return { name: 'approve', mountPath, ownPagesOnly: false }
    case 'POST finish':
      return { name: 'finish', mountPath, ownPagesOnly: true }
    case 'GET connections':
      return { name: 'connections', mountPath, ownPagesOnly: false }
  }
  if (method === 'GET' && parts.at(-2) === 'connections' && last === 'events') {
    return { name: 'events', mountPath: parts.slice(0, -2).join('/'), ownPagesOnly: true }
  }
  if (method === 'DELETE' && parts.at(-2) === 'connections') {
    return {
      name: 'disconnect',
      mountPath: parts.slice(0, -2).join('/'),
      ownPagesOnly: true,
      connectionId: last,
    }
  }
  throw new KeywellError('not_found', `connectHandler has no route ${method} …/${last}.`, {
    nextStep:
      'It serves POST session, GET and POST finish, GET approve, GET connections, GET connections/events and DELETE connections/:id below its mount point.',
  })
}
