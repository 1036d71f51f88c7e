import {
  cloneElement,
  type ReactElement,
  type Ref,
  type RefObject,
  useCallback,
  version,
} from 'react'
import type { ButtonProps } from './connect-button-props.ts'
import { mergeProps } from './merge-props.ts'

type Button = HTMLButtonElement | null

export interface SlotProps {
  /** Props of the button that is replaced. */
  props: ButtonProps
  buttonRef: RefObject<Button>
  /** The host's own button: an element, or a component that passes props and ref to one. */
  child: ReactElement
}

/** Renders the host's own button with our props and ref merged into its own. */
export function Slot({ props, buttonRef, child }: SlotProps): ReactElement {
  const childRef = refOf(child)
  const ref = useCallback(
    (button: Button) => {
      buttonRef.current = button
      if (typeof childRef === 'function') return childRef(button)
      if (childRef) childRef.current = button
    },
    [buttonRef, childRef],
  )
  // An element's props are an object; its type says `unknown`.
  const merged = mergeProps(props, child.props as ButtonProps)
  return cloneElement(child, { ...merged, ref } as Partial<ButtonProps>)
}

/** React 19 has the ref among the props; before, reading it there is an error. */
function refOf(child: ReactElement): Ref<Button> | undefined {
  const holder = version.startsWith('18.') ? child : child.props
  // Of the two, the one that has it.
  return (holder as { ref?: Ref<Button> }).ref
}
