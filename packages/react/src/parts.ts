import { useKeywellIfAny } from './context.ts'

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
  /** The heading of a dialog, with a mark, and that of the list of accounts. */
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
  /** In `hostField`: the input, or the choice. */
  hostInput?: string | undefined
  /** In `hostField`: the button that has the address checked. */
  hostCheck?: string | undefined
  /** In `hostField`: what an administrator has to register, as a `<dl>`. */
  registration?: string | undefined
  /** The list of accounts, with its heading and what can be added; `data-state` says whether it is read. */
  manager?: string | undefined
  /** In `manager`: the `<ul>` of accounts. */
  connections?: string | undefined
  /** An account, as an `<li>`; `data-loading` stands on a place of one that is not read yet. */
  connection?: string | undefined
  /** In `connection`: all that is said of it. */
  about?: string | undefined
  /** In `about`: the heading, with the provider. */
  title?: string | undefined
  /** In `title`: the name that tells an account apart from others there. */
  name?: string | undefined
  /** In `about`: what was not granted. */
  missing?: string | undefined
  /** In `about`: what it may be used for, when it last was, and for how long it will be. */
  use?: string | undefined
  /** In `connection`: the group of its buttons. */
  rowActions?: string | undefined
  /** In `rowActions`: the `button` that opens the dialog. */
  manage?: string | undefined
  /** In `connection`: what your app draws for the choice of scopes. */
  scopeChoice?: string | undefined
  /** In `manager`: how many of all are shown, with a `button` for more. */
  more?: string | undefined
  /** In `manager`: that no account is connected. */
  empty?: string | undefined
  /** In `manager`: what can be added. */
  add?: string | undefined
  /** In `add`: the name of a further account, and its buttons. */
  nameForm?: string | undefined
  /** In `nameForm`: the label. */
  nameLabel?: string | undefined
  /** In `nameForm`: the input. */
  nameInput?: string | undefined
  /** How a connection is; `data-state` says it in a word. */
  health?: string | undefined
  /** In `health`: the same, for people. */
  healthLabel?: string | undefined
  /** In `health`: when it was checked. */
  healthChecked?: string | undefined
  /** The choice of scopes, as a `<fieldset>`; `data-state` says whether it is read. */
  scopePicker?: string | undefined
  /** In `scopePicker`: the presets, as a `<fieldset>`. */
  presets?: string | undefined
  /** In `presets`: the `<label>` around a radio, a title and a sentence. */
  preset?: string | undefined
  /** In `scopePicker`: scopes that belong together, as a `<fieldset>`. */
  scopeGroup?: string | undefined
  /** In `scopeGroup`: a checkbox and its label; `data-state` says whether it is asked for. */
  scope?: string | undefined
  /** In `scope`: the risk, what the choice means for it, and its name. */
  scopeFacts?: string | undefined
  /** In `scopeFacts`: the risk, by its value. */
  risk?: string | undefined
  /** In `scopeFacts`: why it is fixed, or what becomes of it, by its value. */
  tag?: string | undefined
  /** In `scope`: the tools that need it, as a `<details>`. */
  tools?: string | undefined
  /** In `scopePicker`: what a choice changes for a connection. */
  scopeChanges?: string | undefined
  /** In `scopeChanges`: what is kept, added or removed, by its value. */
  change?: string | undefined
  /** In `scopePicker`: the `note` that says what the choice means; its value is `warning` where something lacks. */
  summary?: string | undefined
  /** In `scopePicker`: that it could not be read, with an `action`. */
  scopeError?: string | undefined
  /** The `dialog` that holds a `scopePicker`. */
  scopeDialog?: string | undefined
  /** In `scopeDialog`: the `choice` that goes on. */
  confirm?: string | undefined
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
  const classNames = useKeywellIfAny()?.classNames
  return (name) => ({ [attributeOf(name)]: '', className: classNames?.[name] })
}

/** An element that is a part in two ways, such as a button that is the one of a row. */
export function joinParts(one: PartProps, other: PartProps): PartProps {
  return { ...one, ...other, className: joinClasses(one.className, other.className) }
}

function attributeOf(name: PartName): `data-keywell-${string}` {
  return `data-keywell-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Class names of two that name the same element. */
export function joinClasses(...names: (string | undefined)[]): string | undefined {
  return names.filter(Boolean).join(' ') || undefined
}
