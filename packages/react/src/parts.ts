import { useContext } from 'react'
import { KeywellContext } from './context.ts'

/**
 * Class names by part, for apps that write their looks as classes. The name of a part is that of its attribute:
 * `hostInput` is `[data-keywell-host-input]`. The comments are the table in `apps/docs/guide/theming.md`.
 */
export interface ClassNames {
  /** The button that connects; `data-state`, `data-size` and `data-variant` say how it is. */
  button?: string | undefined
  /** In the button: the place of the mark and of the badge on its corner. */
  icon?: string | undefined
  /** The mark of a provider: an `<svg>`, or a `<span>` with the first letter of its name. */
  mark?: string | undefined
  /** A small drawing: `check`, `alert` or `more`, as its attribute says. */
  glyph?: string | undefined
  /** In the button: the text. */
  label?: string | undefined
  /** Beside the button: what happened, and what can be done; `data-state` is that of the button. */
  actions?: string | undefined
  /** A sentence: in `actions`, and below a field. */
  note?: string | undefined
  /** In a note: the id of the request, for an administrator. */
  reference?: string | undefined
  /** A small button in `actions`. */
  action?: string | undefined
  /** A dialog, modal and native; `::backdrop` is what lies behind it. */
  dialog?: string | undefined
  /** In a dialog: mark and title. */
  heading?: string | undefined
  /** In a dialog: what is known, as a `<dl>` with a `<div>` for each row. */
  facts?: string | undefined
  /** In a dialog: the group of its buttons. */
  choices?: string | undefined
  /** In a dialog: a button or a link; `data-keywell-danger` stands on one that takes something away. */
  choice?: string | undefined
  /** The field for the address of an instance; `data-state` says what was found. */
  hostField?: string | undefined
  /** In `hostField`: the label. */
  hostLabel?: string | undefined
  /** In `hostField`: the input. */
  hostInput?: string | undefined
  /** In `hostField`: the button that has the address checked. */
  hostCheck?: string | undefined
  /** In `hostField`: what an administrator has to register, as a `<dl>`. */
  registration?: string | undefined
}

export type PartName = keyof ClassNames

/** What marks an element as a part: its attribute, which the stylesheet selects, and the app's class name. */
export interface PartProps {
  readonly [attribute: `data-keywell-${string}`]: string | undefined
  readonly className: string | undefined
}

/**
 * Marks the elements of a component.
 *
 * @returns `part(name)`, to be spread on the element
 */
export function useParts(): (name: PartName) => PartProps {
  // A mark may stand outside of a provider.
  const classNames = useContext(KeywellContext)?.classNames
  return (name) => ({ [attributeOf(name)]: '', className: classNames?.[name] })
}

function attributeOf(name: PartName): `data-keywell-${string}` {
  return `data-keywell-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Class names of two that name the same element. */
export function joinClasses(...names: (string | undefined)[]): string | undefined {
  return names.filter(Boolean).join(' ') || undefined
}
