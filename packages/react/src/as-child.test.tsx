import { cleanup, render, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import {
  type ComponentPropsWithoutRef,
  createRef,
  forwardRef,
  type MouseEvent,
  useEffect,
  useState,
  version,
} from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ConnectButton } from './connect-button.tsx'
import { KeywellProvider } from './provider.tsx'
import { createStandIn, type StandIn } from './testing/stand-in.ts'

let standIn: StandIn
const user = userEvent.setup()
const complaint = vi.spyOn(console, 'error')

beforeEach(() => {
  standIn = createStandIn()
  complaint.mockClear()
})

afterEach(() => {
  cleanup()
  expect(complaint).not.toHaveBeenCalled()
  expect(standIn.browser.faults).toEqual([])
})

const Fancy = forwardRef<HTMLButtonElement, ComponentPropsWithoutRef<'button'>>(
  function Fancy(props, ref) {
    return <button type="button" {...props} ref={ref} data-fancy="" />
  },
)

const Later = forwardRef<HTMLButtonElement, ComponentPropsWithoutRef<'button'>>(
  function Later(props, ref) {
    const [isThere, setThere] = useState(false)
    useEffect(() => {
      const timer = setTimeout(() => setThere(true), 20)
      return () => clearTimeout(timer)
    }, [])
    return isThere ? <Fancy {...props} ref={ref} /> : null
  },
)

function page(child: React.ReactElement, ref?: React.Ref<HTMLButtonElement>) {
  return (
    <KeywellProvider window={standIn.browser.window}>
      <ConnectButton provider="gitlab" className="ours" ref={ref} asChild>
        {child}
      </ConnectButton>
    </KeywellProvider>
  )
}

const button = () => screen.getByRole('button')

it("renders the host's own button, and no other", async () => {
  render(
    page(
      <Fancy className="theirs" id="mine">
        Link it
      </Fancy>,
    ),
  )
  expect(screen.getAllByRole('button')).toHaveLength(1)
  expect(button()).toMatchObject({ id: 'mine', className: 'ours theirs', textContent: 'Link it' })
  expect(button().dataset).toMatchObject({ fancy: '', state: 'idle', keywellButton: '' })
  await user.click(button())
  await waitFor(() => expect(button().dataset.state).toBe('waiting'))
  expect(button().getAttribute('aria-busy')).toBe('true')
})

it('fills a button that has no words of its own', async () => {
  render(page(<Fancy />))
  expect(button().textContent).toBe('Connect GitLab')
  await waitFor(() => expect(button().querySelector('svg')).not.toBeNull())
})

it("runs the child's handlers first, which may prevent ours", async () => {
  const order: string[] = []
  const onClick = (event: MouseEvent) => {
    order.push(`click, ${standIn.browser.popups.length} popups`)
    event.preventDefault()
  }
  const { rerender } = render(page(<Fancy onClick={onClick} onFocus={() => order.push('focus')} />))
  await user.click(button())
  expect(standIn.browser.popups).toHaveLength(0)
  // Ours ran as well: it fetches a session ahead.
  expect(standIn.browser.calls).toContain('POST /api/keywell/session')
  rerender(page(<Fancy onClick={() => order.push('ran')} />))
  await user.click(button())
  expect(standIn.browser.popups).toHaveLength(1)
  expect(order).toEqual(['focus', 'click, 0 popups', 'ran'])
})

it('gives the element to every ref, once, and takes it back', () => {
  const ours = createRef<HTMLButtonElement>()
  const object = createRef<HTMLButtonElement>()
  const { rerender, unmount } = render(page(<Fancy ref={object} />, ours))
  expect(object.current).toBe(button())
  expect(ours.current).toBe(button())
  const seen: (HTMLButtonElement | null)[] = []
  const callback = (element: HTMLButtonElement | null) => void seen.push(element)
  rerender(page(<Fancy ref={callback} />, ours))
  rerender(page(<Fancy ref={callback} title="again" />, ours))
  expect(seen).toEqual([button()])
  unmount()
  expect(seen.at(-1)).toBeNull()
  expect(ours.current).toBeNull()
})

it('gives a ref the new element where the child is another one', () => {
  const ref = createRef<HTMLButtonElement>()
  const { rerender } = render(page(<Fancy ref={ref} />))
  rerender(page(<button type="button" ref={ref} />))
  expect(ref.current).toBe(button())
  rerender(page(<Fancy key="1" ref={ref} />))
  expect(ref.current).toBe(button())
  rerender(page(<Fancy key="2" ref={ref} />))
  expect(ref.current).toBe(button())
})

it('gives a ref the element of a child that draws it later', async () => {
  const ref = createRef<HTMLButtonElement>()
  render(page(<Later ref={ref} />))
  expect(ref.current).toBeNull()
  await waitFor(() => expect(ref.current).toBe(button()))
})

it.skipIf(version.startsWith('18.'))('runs the clean-up of a callback ref', () => {
  const cleanUp = vi.fn()
  const { unmount } = render(page(<Fancy ref={() => cleanUp} />))
  unmount()
  expect(cleanUp).toHaveBeenCalledOnce()
})
