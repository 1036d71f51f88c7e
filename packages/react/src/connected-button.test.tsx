/** What a connected button offers, against the real service, behind an app with the SDK's `connectHandler`. */
import { cleanup, render, screen, waitFor, within } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { StrictMode } from 'react'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { ConnectButton } from './connect-button.tsx'
import type { ConnectButtonProps } from './connect-button-props.ts'
import { de } from './de.ts'
import { KeywellProvider, type KeywellProviderProps } from './provider.tsx'
import { type App, openApp } from './testing/app.ts'

let app: App
const user = userEvent.setup()

beforeEach(() => {
  app = openApp(inject('app'))
})

afterEach(() => {
  cleanup()
  window.sessionStorage.clear()
  expect(app.browser.faults).toEqual([])
})

function show(props: Partial<ConnectButtonProps> = {}, provider: KeywellProviderProps = {}) {
  return render(
    <StrictMode>
      <KeywellProvider window={app.browser.window} {...provider}>
        <ConnectButton provider="gitlab" {...props} />
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
const note = () => document.querySelector('[data-keywell-note]')?.textContent
const dialog = () => within(screen.getByRole('dialog'))
const choose = (name: string) => user.click(dialog().getByRole('button', { name }))

/** A person opens the dialog, which is fetched by then or not. */
async function openDialog(): Promise<void> {
  await user.click(button())
  await screen.findByRole('dialog', undefined, { timeout: 15_000 })
}

/** A person connects by the popup. */
async function connect(): Promise<void> {
  await until(() => expect(button().dataset.loading).toBeUndefined())
  await user.click(button())
  await reaches('waiting')
  await app.consent()
  await reaches('connected')
}

describe('a connected button', () => {
  it('says whose account it is, and a click opens what can be done; nothing begins by itself', async () => {
    show({ disconnectable: true, onManage: () => undefined })
    await connect()
    expect(button().textContent).toBe('Connected as Ada Okafor')
    expect(button().getAttribute('aria-haspopup')).toBe('dialog')
    expect(button().getAttribute('aria-disabled')).toBeNull()
    const popups = app.browser.popups.length
    await openDialog()
    expect(
      dialog()
        .getAllByRole('button')
        .map(({ textContent }) => textContent),
    ).toEqual(['Manage', 'Reconnect', 'Disconnect', 'Close'])
    expect(screen.getByRole('dialog', { name: 'GitLab' }).textContent).toMatch(
      /AccountAda Okafor.*Addresslocalhost:\d+.*Connected\w+ \d+, \d{4}/,
    )
    expect(document.activeElement?.textContent).toBe('Close')
    const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
    expect((await axe.run(document.body, { rules })).violations).toEqual([])
    await choose('Close')
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(document.activeElement).toBe(button())
    expect(app.browser.popups).toHaveLength(popups)
  })

  it('offers what the host allows', async () => {
    await app.addConnection()
    const { unmount } = show()
    await reaches('connected')
    await openDialog()
    expect(dialog().getAllByRole('button')).toHaveLength(2)
    unmount()
    show({ reconnect: false })
    await reaches('connected')
    expect(button().getAttribute('aria-disabled')).toBe('true')
    expect(button().getAttribute('aria-haspopup')).toBeNull()
    await user.click(button())
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(app.browser.popups).toHaveLength(0)
  })

  it('hands the connection to the host that manages it', async () => {
    const { id } = await app.addConnection()
    const onManage = vi.fn()
    show({ onManage })
    await reaches('connected')
    await openDialog()
    await choose('Manage')
    expect(onManage.mock.calls).toMatchObject([[{ id }]])
    await until(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('reconnects the same connection, in the very click', async () => {
    show()
    await connect()
    await openDialog()
    await choose('Reconnect')
    expect(app.browser.popups).toHaveLength(2)
    await reaches('waiting')
    await app.consent()
    await reaches('connected')
    await openDialog()
    expect(screen.getByRole('dialog').textContent).toContain('Ada Okafor')
    const sessions = app.browser.requests.filter(({ url }) => url.endsWith('/session'))
    const bodies = await Promise.all(sessions.map((request) => request.json()))
    expect(bodies.some(({ connectionId }) => String(connectionId).startsWith('con_'))).toBe(true)
  })

  it('stays connected when its user cancels a reconnect, and says that nothing was changed', async () => {
    const onExit = vi.fn()
    show({ onExit })
    await connect()
    await openDialog()
    await choose('Reconnect')
    await reaches('waiting')
    const popup = app.browser.popups.at(-1)
    if (popup) popup.closed = true
    await user.click(await screen.findByRole('button', { name: 'Cancel' }, { timeout: 15_000 }))
    await reaches('connected')
    expect(button().textContent).toBe('Connected as Ada Okafor')
    expect(screen.getByRole('status').textContent).toBe('You cancelled. Nothing was changed.')
    await until(() => expect(onExit.mock.calls).toMatchObject([[null, { provider: 'gitlab' }]]))
    expect(document.activeElement).toBe(button())
  })

  it('offers to reconnect, and not to connect, after a reconnect was denied', async () => {
    show()
    await connect()
    await openDialog()
    await choose('Reconnect')
    await reaches('waiting')
    await app.goToProvider()
    await app.decide('deny')
    await app.finish()
    await reaches('denied')
    expect(button().textContent).toBe('Reconnect GitLab')
    expect(note()).toMatch(/^You did not allow access to GitLab\. Nothing was changed/)
  })
})

describe('disconnecting', () => {
  it('asks first; the answer that changes nothing has the focus', async () => {
    show({ disconnectable: true })
    await connect()
    await openDialog()
    await choose('Disconnect')
    expect(screen.getByRole('dialog', { name: 'Disconnect GitLab?' })).toBeTruthy()
    expect(document.activeElement?.textContent).toBe('Keep it connected')
    await user.keyboard('{Enter}')
    await until(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(button().dataset.state).toBe('connected')
    expect(app.browser.calls.some((call) => call.startsWith('DELETE'))).toBe(false)
  })

  it('removes the connection, tells the host once, says so, and leaves the focus on the button', async () => {
    const onDisconnect = vi.fn()
    show({ disconnectable: true, onDisconnect })
    await connect()
    await openDialog()
    await choose('Disconnect')
    await choose('Disconnect GitLab')
    await reaches('idle')
    expect(button().textContent).toBe('Connect GitLab')
    expect(onDisconnect.mock.calls).toMatchObject([[{ account: { username: 'ada' } }]])
    await until(() => expect(screen.getByRole('status').textContent).toBe('GitLab is disconnected'))
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(document.activeElement).toBe(button())
  })

  it('of a key says that it still works at the provider, with the way there', async () => {
    await app.addConnection()
    show({ disconnectable: true })
    await reaches('connected')
    await openDialog()
    await choose('Disconnect')
    await choose('Disconnect GitLab')
    const link = await screen.findByRole('link', { name: 'Remove it at GitLab' })
    expect(link.getAttribute('href')).toMatch(/^http:.*personal_access_tokens$/)
    expect(link.getAttribute('rel')).toBe('noreferrer')
    expect(button().dataset.state).toBe('idle')
    await choose('Close')
    expect(document.activeElement).toBe(button())
  })

  it('that fails keeps the connection, says so, and can be tried again', async () => {
    await app.addConnection()
    show({ disconnectable: true })
    await reaches('connected')
    app.browser.failures.set('DELETE', 'unavailable')
    await openDialog()
    await choose('Disconnect')
    await choose('Disconnect GitLab')
    await until(() =>
      expect(dialog().getByRole('alert').textContent).toMatch(/GitLab is still connected/),
    )
    app.browser.failures.clear()
    await choose('Disconnect GitLab')
    await screen.findByRole('link', { name: 'Remove it at GitLab' })
  })

  it('of a connection that another window has removed just closes', async () => {
    await app.addConnection()
    show({ disconnectable: true })
    await reaches('connected')
    await openDialog()
    await choose('Disconnect')
    app.browser.failures.set('DELETE', 'not_found')
    await choose('Disconnect GitLab')
    await until(() => expect(screen.queryByRole('dialog')).toBeNull())
  })
})

it('writes dates and lists in the language of the messages, or that of the locale', async () => {
  await app.addConnection({ expiresOn: '2099-01-31' })
  const { unmount } = show({}, { messages: de })
  await reaches('connected')
  await openDialog()
  expect(screen.getByRole('dialog').textContent).toMatch(/Zugriff endet3[01]\. Januar 2099/)
  unmount()
  show({}, { locale: 'en-GB' })
  await reaches('connected')
  await openDialog()
  expect(screen.getByRole('dialog').textContent).toMatch(/Access ends3[01] January 2099/)
})
