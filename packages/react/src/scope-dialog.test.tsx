/** A button that asks for scopes, against the real service, behind an app with the SDK's `connectHandler`. */
import { cleanup, render, screen, waitFor, within } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { StrictMode } from 'react'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { ConnectButton } from './connect-button.tsx'
import type { ConnectButtonProps } from './connect-button-props.ts'
import { KeywellProvider } from './provider.tsx'
import { type App, openApp } from './testing/app.ts'
import { flowsOf } from './testing/browser.ts'

let app: App
const user = userEvent.setup()

beforeEach(() => {
  app = openApp(inject('app'))
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  window.sessionStorage.clear()
  expect(app.browser.faults).toEqual([])
})

function show(props: Partial<ConnectButtonProps> = {}) {
  return render(
    <StrictMode>
      <KeywellProvider window={app.browser.window}>
        <ConnectButton provider="gitlab" scopePicker {...props} />
      </KeywellProvider>
    </StrictMode>,
  )
}
function button(): HTMLButtonElement {
  const found = document.querySelector<HTMLButtonElement>('[data-keywell-button]')
  if (found === null) throw new Error('There is no connect button.')
  return found
}
const until = (check: () => void) => waitFor(check, { timeout: 15_000 })
const reaches = (state: string) => until(() => expect(button().dataset.state).toBe(state))
const isRead = () => until(() => expect(button().dataset.loading).toBeUndefined())
const dialog = async (name = 'Choose what to allow') => {
  const found = await screen.findByRole('dialog', { name }, { timeout: 15_000 })
  await within(found).findAllByRole('checkbox', {}, { timeout: 15_000 })
  return within(found)
}
const proceed = async () => user.click(screen.getByRole('button', { name: 'Continue to GitLab' }))
const asked = async () => (await flowsOf(app.browser)).map(({ scopes }) => scopes)

describe('a button with a scope picker', () => {
  verifies('scopes:button', async () => {
    const onSuccess = vi.fn()
    show({ scopes: ['read_user'], onSuccess })
    await isRead()
    expect(button().getAttribute('aria-haspopup')).toBe('dialog')
    await user.click(button())
    const shown = await dialog()
    expect(document.activeElement?.textContent).toBe('Choose what to allow')
    expect(app.browser.popups).toHaveLength(0)
    expect((await axe.run(document.body, { rules })).violations).toEqual([])
    await user.click(shown.getByRole('radio', { name: 'Read only' }))
    await proceed()
    // In the very click, else the browser would block it.
    expect(app.browser.popups).toHaveLength(1)
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(document.activeElement).toBe(button())
    await reaches('waiting')
    expect(await asked()).toEqual([['read_api']])
    await app.consent()
    await reaches('connected')
    await until(() => expect(onSuccess.mock.calls).toMatchObject([[{ scopes: ['read_api'] }]]))
  })

  it('begins nothing when the user cancels', async () => {
    show()
    await isRead()
    await user.click(button())
    const shown = await dialog()
    await user.click(shown.getByRole('button', { name: 'Cancel' }))
    await until(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect([button().dataset.state, document.activeElement]).toEqual(['idle', button()])
    expect(await asked()).toEqual([])
  })

  it('keeps the choice where the browser blocks the window', async () => {
    app.browser.blockPopups = 'null'
    show()
    await isRead()
    await user.click(button())
    await user.click((await dialog()).getByRole('radio', { name: 'Full access' }))
    await proceed()
    await reaches('blocked')
    app.browser.blockPopups = undefined
    await user.click(button())
    await reaches('waiting')
    expect(await asked()).toEqual([['api']])
  })

  it('goes on with nothing but a choice', async () => {
    show()
    await isRead()
    await user.click(button())
    await user.click((await dialog()).getByRole('checkbox', { name: /change nothing/ }))
    const proceedButton = screen.getByRole('button', { name: 'Continue to GitLab' })
    expect(proceedButton.getAttribute('aria-disabled')).toBe('true')
    await user.click(proceedButton)
    expect(screen.getByRole('dialog')).toBeTruthy()
    expect(app.browser.popups).toHaveLength(0)
  })

  verifies('scopes:button-changes', async () => {
    show({ scopes: ['read_user'], disconnectable: true })
    await isRead()
    await user.click(button())
    await dialog()
    await proceed()
    await reaches('waiting')
    await app.consent()
    await reaches('connected')
    await user.click(button())
    const account = await screen.findByRole('dialog', { name: 'GitLab' }, { timeout: 15_000 })
    const texts = within(account).getAllByRole('button')
    expect(texts.map(({ textContent }) => textContent)).toEqual([
      'Change what is allowed',
      'Disconnect',
      'Close',
    ])
    await user.click(within(account).getByRole('button', { name: 'Change what is allowed' }))
    const shown = await dialog('Change what is allowed')
    expect(shown.getByText('Nothing changes.')).toBeTruthy()
    await user.click(shown.getByRole('radio', { name: 'Read only' }))
    expect(shown.getByRole('group', { name: 'What changes' }).textContent).toMatch(
      /Allowed now\W*read_user.*New\W*read_api/,
    )
    await proceed()
    await reaches('waiting')
    expect((await asked()).at(-1)).toEqual(['read_api'])
    const sessions = app.browser.requests.filter(({ url }) => url.endsWith('/session'))
    expect(await sessions.at(-1)?.clone().json()).toMatchObject({
      connectionId: expect.stringMatching(/^con_/),
    })
    await app.consent()
    await reaches('connected')
  })

  it('asks only for changes where the page has a picker of its own', async () => {
    show({ scopePicker: { onConnect: false }, scopes: ['read_api'] })
    await isRead()
    expect(button().getAttribute('aria-haspopup')).toBeNull()
    await user.click(button())
    await reaches('waiting')
    await app.consent()
    await reaches('connected')
    await user.click(button())
    expect(await screen.findByRole('button', { name: 'Change what is allowed' })).toBeTruthy()
  })

  it('throws where it cannot ask, and says what to do', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => show({ method: 'key' })).toThrow(/scopes=/)
    expect(() => show({ render: () => null })).toThrow(/<ScopePicker>/)
  })
})

const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
