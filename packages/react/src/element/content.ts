import type { Note } from '../connect-notes.ts'
import type { ConnectView } from '../connect-view.ts'
import type { KeywellClient } from '../core/index.ts'
import { type IconName, iconPaths } from '../icon-paths.ts'
import { draw, make, makeButton } from './dom.ts'

/** What stands in the button: the provider's mark, which shows the state too, and the label. */
export function buttonContent(
  client: KeywellClient,
  provider: string,
  view: ConnectView,
  opensDialog: boolean,
): Node[] {
  const { state, title, label } = view
  const name = label.includes(title) ? undefined : title
  const icon = make(
    'span',
    { 'data-keywell-icon': '' },
    markOf(client, provider, 20, name),
    state.name === 'connected' && iconOf('check'),
    state.name === 'needs_reauth' && iconOf('alert'),
  )
  const text = make('span', { 'data-keywell-label': '' }, label)
  return opensDialog ? [icon, text, iconOf('more')] : [icon, text]
}

/** The text beside the button, and its actions. */
export function noteContent(note: Note): Node[] {
  const reference =
    note.reference && make('small', { 'data-keywell-reference': '' }, ` ${note.reference}`)
  return [
    ...(note.isAlert ? [iconOf('alert')] : []),
    make('span', { 'data-keywell-note': '' }, note.text, reference),
    ...note.actions.map(([text, act]) => makeButton(text, act, { 'data-keywell-action': '' })),
  ]
}

/** The provider's mark, in its owner's colour; the first letter of its name where there is no mark. */
export function markOf(
  client: KeywellClient,
  provider: string,
  size: number,
  title?: string,
): Element {
  const mark = client.brand(provider)?.mark
  const name = title ? { role: 'img', 'aria-label': title } : { 'aria-hidden': true }
  if (!mark) {
    // The stylesheet shows the letter; without it, a letter beside the name would be in the way.
    return make('span', {
      ...name,
      'data-keywell-mark': (title ?? provider).charAt(0).toUpperCase(),
    })
  }
  const square = { viewBox: '0 0 24 24', width: `${size}`, height: `${size}` }
  return draw(
    { ...name, 'data-keywell-mark': '', ...square, fill: mark.color ?? 'currentColor' },
    mark.path,
  )
}

function iconOf(name: IconName): Element {
  return draw(
    {
      'data-keywell-glyph': name,
      'aria-hidden': true,
      viewBox: '0 0 16 16',
      width: '16',
      height: '16',
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': '2',
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    },
    iconPaths[name],
  )
}
