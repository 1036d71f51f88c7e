import {
  type ComponentPropsWithoutRef,
  cloneElement,
  type ReactElement,
  type Ref,
  type RefObject,
  useMemo,
  version,
} from 'react'

type ButtonProps = ComponentPropsWithoutRef<'button'>
type Props = Record<string, unknown>

export interface SlotProps {
  /** Props of the button that is replaced. */
  props: ButtonProps
  buttonRef: RefObject<HTMLButtonElement | null>
  /** The host's own button: an element, or a component that passes props and ref to one. */
  child: ReactElement
}

/** Renders the host's own button with our props and ref merged into its own. */
export function Slot({ props, buttonRef, child }: SlotProps): ReactElement {
  const childRef = refOf(child)
  const ref = useMemo(() => joinRefs(buttonRef, childRef), [buttonRef, childRef])
  // An element's props are an object; its type says `unknown`.
  return cloneElement(child, { ...mergeProps(props as Props, child.props as Props), ref } as Props)
}

/** The child's own props win, but class names add up, and handlers run one after the other, the child's first. */
function mergeProps(ours: Props, theirs: Props): Props {
  const merged = { ...ours }
  for (const [name, value] of Object.entries(theirs)) {
    if (value === undefined) continue
    merged[name] = merge(name, ours[name], value)
  }
  return merged
}

function merge(name: string, ours: unknown, theirs: unknown): unknown {
  if (typeof ours === 'function' && typeof theirs === 'function' && /^on[A-Z]/.test(name)) {
    return (...args: unknown[]) => {
      theirs(...args)
      ours(...args)
    }
  }
  if (name === 'className') return [ours, theirs].filter(Boolean).join(' ')
  if (name === 'style') return { ...(ours as Props), ...(theirs as Props) }
  return theirs
}

/** React 19 has the ref among the props; before, reading it there is an error. */
function refOf(child: ReactElement): Ref<HTMLButtonElement> | undefined {
  const holder = Number.parseInt(version, 10) > 18 ? child.props : child
  // Of the two, the one that has it.
  return (holder as { ref?: Ref<HTMLButtonElement> }).ref
}

function joinRefs(
  ours: RefObject<HTMLButtonElement | null>,
  theirs: Ref<HTMLButtonElement> | undefined,
): (element: HTMLButtonElement | null) => void {
  let cleanUp: ReturnType<Extract<typeof theirs, (...args: never) => unknown>>
  return (element) => {
    ours.current = element
    if (typeof theirs === 'function') {
      if (element === null && cleanUp) cleanUp()
      else cleanUp = theirs(element)
    } else if (theirs) {
      theirs.current = element
    }
  }
}
