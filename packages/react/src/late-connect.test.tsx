/** A button, and the element, where what stands beside it could not be fetched. */
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ConnectButton } from './connect-button.tsx'
import { createKeywellClient } from './core/index.ts'
import { KeywellConnectElement } from './element/index.ts'
import { KeywellProvider } from './provider.tsx'
import { createStandIn, makeConnection, type StandIn } from './testing/stand-in.ts'

const page = vi.hoisted(() => ({ isOffline: true }))

vi.mock('./late-connect.ts', async () => {
  const { latePart } = await import('./late-part.ts')
  const load = () =>
    page.isOffline ? Promise.reject(new TypeError('offline')) : import('./connect-beside.tsx')
  return { useBeside: latePart(load) }
})
vi.mock('./connect-notes.ts', async (load) => {
  if (page.isOffline) throw new TypeError('offline')
  return load()
})

let standIn: StandIn
const user = userEvent.setup()
const button = () => screen.getByRole('button', { name: /GitLab|Connected/ })
const reaches = (state: string) => waitFor(() => expect(button().dataset.state).toBe(state))
const beside = (text: string) =>
  waitFor(() =>
    expect(document.querySelector('[data-keywell-actions]')?.textContent).toContain(text),
  )
const says = (text: string) =>
  waitFor(() => expect(screen.getByRole('status').textContent).toContain(text))

beforeEach(() => {
  standIn = createStandIn()
})

afterEach(() => {
  cleanup()
  document.body.replaceChildren()
})

function show(): void {
  render(
    <KeywellProvider window={standIn.browser.window}>
      <ConnectButton provider="gitlab" />
    </KeywellProvider>,
  )
}

it('the element says so beside its button, and to screen readers', async () => {
  const element = new KeywellConnectElement()
  element.setAttribute('provider', 'gitlab')
  element.client = createKeywellClient({ window: standIn.browser.window })
  document.body.append(element)
  standIn.browser.blockPopups = 'null'
  await user.click(await screen.findByRole('button', { name: /GitLab/ }))
  await reaches('blocked')
  await beside('did not load')
  await says('did not load')
})

it('the button says so in place of the dialog that was asked for', async () => {
  standIn.connections = [makeConnection()]
  show()
  await reaches('connected')
  expect(document.querySelector('[data-keywell-actions]')).toBeNull()
  await user.click(button())
  await beside('did not load')
  await says('did not load')
})

it('fetches it again with the next step of an attempt', async () => {
  show()
  standIn.browser.blockPopups = 'null'
  await user.click(button())
  await reaches('blocked')
  await beside('did not load')
  page.isOffline = false
  await user.click(button())
  await beside('Continue in this tab')
})
