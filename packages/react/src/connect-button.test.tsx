/**
 * The button against hand-made answers, so that a test chooses the instant of every state. They are compared
 * with the table of routes; the client below is tested against the real service in `core/client.test.ts`.
 */

import { reauthReasonSchema } from '@keywell/protocol'
import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { createRef, type ReactNode, StrictMode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { ConnectButton } from './connect-button.tsx'
import type { ConnectButtonProps } from './connect-button-props.ts'
import { de } from './de.ts'
import { KeywellProvider, type KeywellProviderProps } from './provider.tsx'
import {
  connectToken,
  createStandIn,
  makeConnection,
  type StandIn,
  serviceUrl,
  startCode,
} from './testing/stand-in.ts'

const reauthReasons = reauthReasonSchema.options
let standIn: StandIn
const user = userEvent.setup()

beforeEach(() => {
  standIn = createStandIn()
})

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  window.sessionStorage.clear()
  expect(standIn.browser.faults).toEqual([])
})

function Page(props: KeywellProviderProps): ReactNode {
  return <KeywellProvider window={standIn.browser.window} {...props} />
}

function show(props: Partial<ConnectButtonProps> = {}, provider: KeywellProviderProps = {}) {
  return render(
    <Page {...provider}>
      <ConnectButton provider="gitlab" {...props} />
    </Page>,
  )
}

const button = () => screen.getByRole('button', { name: /GitLab/ })
const findButton = () => document.querySelector<HTMLButtonElement>('[data-keywell-button]')
const says = (text: string) =>
  waitFor(() => expect(screen.getByRole('status').textContent).toBe(text))
const notes = (text: RegExp) =>
  waitFor(() => expect(document.querySelector('[data-keywell-note]')?.textContent).toMatch(text), {
    timeout: 3_000,
  })
const reaches = (state: string) => waitFor(() => expect(findButton()?.dataset.state).toBe(state))
const calls = (prefix: string) => standIn.browser.calls.filter((call) => call.startsWith(prefix))

async function clickThrough(): Promise<void> {
  await user.click(button())
  await reaches('waiting')
}

function moveTo(change: Parameters<StandIn['move']>[0]): void {
  act(() => standIn.move(change))
}

describe('ConnectButton', () => {
  it('has nothing that axe finds, in any state that it shows', async () => {
    const { container } = show()
    // A fragment is no page, and jsdom paints nothing.
    const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
    const problems = async () => {
      const { violations } = await axe.run(container, { rules })
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)
    }
    expect(await problems()).toEqual([])
    await clickThrough()
    expect(await problems()).toEqual([])
    const [popup] = standIn.browser.popups
    if (popup) popup.closed = true
    await notes(/still open, finish there/)
    expect(await problems()).toEqual([])
    moveTo({
      status: 'failed',
      error: { code: 'account_mismatch', message: 'other', retryable: false },
    })
    await notes(/another GitLab account/)
    expect(await problems()).toEqual([])
  })

  it('says of a connection that nothing renews it', async () => {
    show()
    await clickThrough()
    moveTo({
      status: 'connected',
      connection: makeConnection({ renewable: false, endsAt: '2026-01-01T02:00:00.000Z' }),
    })
    await reaches('connected')
    expect(button().dataset.renewable).toBe('false')
  })

  it('connects an account, and tells the host once', async () => {
    const onSuccess = vi.fn()
    const onExit = vi.fn()
    const onEvent = vi.fn()
    show({ onSuccess, onExit, onEvent, scopes: ['read_api'] })
    expect(button().textContent).toBe('Connect GitLab')
    await clickThrough()
    expect(standIn.flowRequests).toMatchObject([{ provider: 'gitlab', scopes: ['read_api'] }])
    const connection = makeConnection()
    moveTo({ status: 'connected', connection })
    await reaches('connected')
    expect(button().textContent).toBe('Connected as Ada Lovelace')
    await waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith(connection))
    expect(onExit).not.toHaveBeenCalled()
    expect(onEvent.mock.calls.map(([name]) => name)).toEqual(['opening', 'waiting', 'connected'])
  })

  it('opens the popup in the very click', async () => {
    show()
    let popups = 0
    button().addEventListener('click', () => {
      queueMicrotask(() => {
        popups = standIn.browser.popups.length
      })
    })
    await user.click(button())
    expect(popups).toBe(1)
    expect(standIn.browser.popups[0]?.document.body.textContent).toBe('Connecting to GitLab …')
  })

  it("runs the host's own onClick first, which may prevent ours", async () => {
    const order: string[] = []
    const onClick = vi.fn((event: { preventDefault(): void }) => {
      order.push(`click, ${standIn.browser.popups.length} popups`)
      event.preventDefault()
    })
    const { rerender } = show({ onClick })
    await user.click(button())
    expect(onClick).toHaveBeenCalledOnce()
    expect(standIn.browser.popups).toHaveLength(0)
    rerender(
      <Page>
        <ConnectButton provider="gitlab" onClick={() => void order.push('ran')} />
      </Page>,
    )
    await clickThrough()
    expect(order).toEqual(['click, 0 popups', 'ran'])
  })

  it('passes every other prop, and the ref, to the one button', () => {
    const ref = createRef<HTMLButtonElement>()
    render(
      <Page>
        <ConnectButton
          ref={ref}
          provider="gitlab"
          id="here"
          className="mine"
          data-test="x"
          title="t"
        />
      </Page>,
    )
    expect(ref.current).toBe(button())
    expect(button()).toMatchObject({ id: 'here', className: 'mine', title: 't', type: 'button' })
    expect(button().dataset.test).toBe('x')
    expect(screen.getAllByRole('button')).toHaveLength(1)
  })

  it('is busy and not disabled while it waits, and a click brings the popup to the front', async () => {
    show()
    expect(button().getAttribute('aria-busy')).toBe('false')
    await clickThrough()
    expect(button().getAttribute('aria-busy')).toBe('true')
    expect(button().getAttribute('aria-disabled')).toBe('true')
    expect(button()).toMatchObject({ disabled: false })
    await user.click(button())
    expect(standIn.browser.popups).toHaveLength(1)
    expect(standIn.browser.popups[0]?.focused).toBe(1)
  })

  it('does nothing while the host disables it', async () => {
    show({ disabled: true })
    await user.click(button())
    expect(standIn.browser.popups).toHaveLength(0)
  })

  it("keeps the host's aria-disabled", () => {
    show({ 'aria-disabled': true })
    expect(button().getAttribute('aria-disabled')).toBe('true')
  })

  it('speaks through one polite live region, in order', async () => {
    render(
      <Page>
        <ConnectButton provider="gitlab" />
        <ConnectButton provider="github" />
      </Page>,
    )
    expect(screen.getAllByRole('status')).toHaveLength(1)
    expect(screen.getByRole('status').textContent).toBe('')
    await clickThrough()
    await says('Waiting for GitLab …')
    moveTo({ status: 'confirming' })
    await says('Connecting GitLab …')
    moveTo({ status: 'connected', connection: makeConnection() })
    await says('Connected as Ada Lovelace')
  })

  it('offers to open again and to cancel once the window looks closed; focus comes back', async () => {
    const onExit = vi.fn()
    show({ onExit })
    await clickThrough()
    const [popup] = standIn.browser.popups
    if (popup) popup.closed = true
    await user.click(await screen.findByRole('button', { name: 'Open again' }, { timeout: 3_000 }))
    expect(standIn.browser.popups).toHaveLength(2)
    expect(document.activeElement).toBe(button())
    await reaches('waiting')
    const [, second] = standIn.browser.popups
    if (second) second.closed = true
    const cancel = await screen.findByRole('button', { name: 'Cancel' }, { timeout: 3_000 })
    await user.click(cancel)
    await reaches('cancelled')
    expect(document.activeElement).toBe(button())
    await waitFor(() => expect(onExit.mock.calls).toMatchObject([[null, { provider: 'gitlab' }]]))
    expect(screen.getAllByRole('button')).toHaveLength(1)
  }, 15_000)

  it('comes back to a button that the app draws, too', async () => {
    standIn.browser.blockPopups = 'null'
    show({
      render: (props, { state, start, label }) => (
        <>
          <button {...props}>{label}</button>
          {state.name === 'blocked' && (
            <button type="button" onClick={() => start()}>
              Once more
            </button>
          )}
        </>
      ),
    })
    await user.click(button())
    await reaches('blocked')
    standIn.browser.blockPopups = undefined
    await user.click(screen.getByRole('button', { name: 'Once more' }))
    await reaches('waiting')
    expect(document.activeElement).toBe(findButton())
    expect(document.querySelector('[data-keywell-actions]')).toBeNull()
  })

  it('leaves the focus alone when the user is elsewhere', async () => {
    render(
      <Page>
        <ConnectButton provider="gitlab" />
        <input aria-label="elsewhere" />
      </Page>,
    )
    await clickThrough()
    await user.click(screen.getByLabelText('elsewhere'))
    moveTo({ status: 'connected', connection: makeConnection() })
    await reaches('connected')
    expect(document.activeElement).toBe(screen.getByLabelText('elsewhere'))
  })

  it('takes no focus when the list arrives', async () => {
    standIn.connections = [makeConnection()]
    show()
    await reaches('connected')
    expect(document.activeElement).toBe(document.body)
  })

  it('goes on in this tab when the popup is blocked', async () => {
    standIn.browser.blockPopups = 'null'
    show()
    await user.click(button())
    expect(button().dataset.state).toBe('blocked')
    await says('Your browser blocked the window. You can continue in this tab.')
    await user.click(screen.getByRole('button', { name: 'Continue in this tab' }))
    await waitFor(() => expect(standIn.browser.forms).toMatchObject([{ target: '_self' }]))
    expect(standIn.flowRequests).toMatchObject([{ mode: 'redirect' }])
  })

  it('or tries the popup again', async () => {
    standIn.browser.blockPopups = 'null'
    show()
    await user.click(button())
    standIn.browser.blockPopups = undefined
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await reaches('waiting')
    expect(standIn.browser.popups).toHaveLength(1)
  })

  it('says what users can do about an error, and the next click starts over', async () => {
    standIn.browser.failures.set(`POST ${serviceUrl}`, 'integration_missing')
    const onExit = vi.fn()
    show({ onExit })
    await user.click(button())
    await notes(
      /^GitLab is not set up here\. Please ask your administrator\. For your administrator: req_1$/,
    )
    await waitFor(() =>
      expect(onExit.mock.calls[0]?.[0]).toMatchObject({ code: 'integration_missing' }),
    )
    standIn.browser.failures.clear()
    await clickThrough()
    expect(document.querySelector('[data-keywell-note]')).toBeNull()
  })

  it.each([
    ['terms_not_accepted', /^GitLab requires that you accept its terms\. .*, and try again\.$/],
    ['two_factor_required', /^GitLab requires two-factor sign-in\. Set it up .*, and try again\.$/],
    ['account_blocked', /^This GitLab account is blocked.*\. Please ask its administrator\.$/],
    ['provider_unavailable', /^GitLab cannot be reached\. Please try again in a few minutes\.$/],
  ] as const)(
    'says what stands in the way at the provider, and the next step: %s',
    async (providerReason, words) => {
      show()
      await clickThrough()
      const error = {
        code: 'provider_error',
        message: 'For developers.',
        retryable: false,
      } as const
      moveTo({ status: 'failed', error: { ...error, providerReason } })
      await notes(words)
      expect(screen.getByRole('status').textContent).toMatch(words)
    },
  )

  it('shows that the account has to be connected again, and why', async () => {
    standIn.connections = [
      makeConnection({ status: 'revoked', needsReauth: true, reason: 'revoked' }),
    ]
    show()
    await reaches('needs_reauth')
    expect(button().textContent).toBe('Reconnect GitLab')
    expect(screen.getByText(/Access to GitLab was withdrawn/)).toBeTruthy()
    expect(screen.getAllByRole('button')).toHaveLength(1)
    // What was so before the page was opened is no news.
    expect(screen.getByRole('status').textContent).toBe('')
  })

  it('offers to disconnect an account that has to be connected again; the focus ends on the button', async () => {
    standIn.connections = [
      makeConnection({ status: 'revoked', needsReauth: true, reason: 'revoked' }),
    ]
    show({ disconnectable: true })
    await reaches('needs_reauth')
    await user.click(screen.getByRole('button', { name: 'Disconnect' }))
    await user.click(await screen.findByRole('button', { name: 'Disconnect GitLab' }))
    await reaches('idle')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    // The button that was pressed is gone.
    expect(document.activeElement).toBe(button())
  })

  it('fetches the session ahead on hover and focus, once, and none on mount', async () => {
    const onPointerEnter = vi.fn()
    const onFocus = vi.fn()
    show({ onPointerEnter, onFocus })
    await waitFor(() => expect(calls('GET /api/keywell/connections')).toHaveLength(1))
    expect(calls('POST')).toHaveLength(0)
    await user.hover(button())
    await user.tab()
    expect(onPointerEnter).toHaveBeenCalledOnce()
    expect(onFocus).toHaveBeenCalledOnce()
    expect(calls('POST')).toEqual(['POST /api/keywell/session'])
    await user.keyboard('{Enter}')
    await reaches('waiting')
    expect(calls('POST /api/keywell/session')).toHaveLength(1)
  })

  it('doubles nothing in StrictMode', async () => {
    const onSuccess = vi.fn()
    render(
      <StrictMode>
        <Page>
          <ConnectButton provider="gitlab" onSuccess={onSuccess} />
        </Page>
      </StrictMode>,
    )
    await clickThrough()
    expect(calls('GET /api/keywell/connections')).toHaveLength(1)
    expect(calls('POST /api/keywell/session')).toHaveLength(1)
    expect(standIn.flowRequests).toHaveLength(1)
    expect(standIn.browser.popups).toHaveLength(1)
    expect(standIn.browser.openStreams).toBe(1)
    moveTo({ status: 'connected', connection: makeConnection() })
    await waitFor(() => expect(onSuccess).toHaveBeenCalledOnce())
  })

  it('calls the handlers of the newest render, and does not begin anew for them', async () => {
    const first = vi.fn()
    const second = vi.fn()
    const { rerender } = show({ onSuccess: first })
    await clickThrough()
    rerender(
      <Page>
        <ConnectButton provider="gitlab" onSuccess={second} scopes={['api']} />
      </Page>,
    )
    expect(standIn.browser.openStreams).toBe(1)
    moveTo({ status: 'connected', connection: makeConnection() })
    await waitFor(() => expect(second).toHaveBeenCalledOnce())
    expect(first).not.toHaveBeenCalled()
  })

  it('leaves no stream and no handler behind when it goes', async () => {
    const onSuccess = vi.fn()
    const { rerender } = show({ onSuccess })
    await clickThrough()
    expect(standIn.browser.openStreams).toBe(1)
    rerender(<Page />)
    expect(standIn.browser.openStreams).toBe(0)
    standIn.move({ status: 'connected', connection: makeConnection() })
    expect(onSuccess).not.toHaveBeenCalled()
  })

  it('puts no token, no code and no style into the page', async () => {
    const { baseElement } = show()
    const seen: string[] = []
    const observer = new MutationObserver(() => seen.push(document.documentElement.outerHTML))
    observer.observe(baseElement, { subtree: true, childList: true, attributes: true })
    await clickThrough()
    moveTo({ status: 'connected', connection: makeConnection() })
    await reaches('connected')
    observer.disconnect()
    expect(seen.length).toBeGreaterThan(0)
    for (const html of seen) {
      expect(html).not.toContain(connectToken)
      expect(html).not.toContain(startCode)
    }
    expect(document.querySelector('style')).toBeNull()
    expect(baseElement.querySelectorAll('[style]:not([role=status])')).toHaveLength(0)
  })

  it('lets the host draw, with its own words or everything', async () => {
    const { rerender } = show({ children: ({ state, title }) => `${title}: ${state.name}` })
    expect(button().textContent).toBe('GitLab: idle')
    rerender(
      <Page>
        <ConnectButton provider="gitlab">Link GitLab</ConnectButton>
      </Page>,
    )
    expect(button().textContent).toBe('Link GitLab')
    standIn.browser.blockPopups = 'null'
    rerender(
      <Page>
        <ConnectButton
          provider="gitlab"
          render={(props, { state, start, label }) => (
            <p>
              <button {...props}>My {label}</button>
              {state.name === 'blocked' && (
                <button type="button" onClick={() => start({ mode: 'redirect' })}>
                  here
                </button>
              )}
            </p>
          )}
        />
      </Page>,
    )
    const paragraph = within(button().parentElement ?? document.body)
    expect(button().textContent).toBe('My Connect GitLab')
    await user.click(button())
    await user.click(paragraph.getByText('here'))
    await waitFor(() => expect(standIn.browser.forms).toHaveLength(1))
    expect(screen.queryByText(/blocked the window/)).toBeNull()
  })

  it.each(reauthReasons)(
    'says in plain words why the account has to be connected again: %s',
    async (reason) => {
      standIn.connections = [makeConnection({ status: 'expired', needsReauth: true, reason })]
      show()
      await reaches('needs_reauth')
      await notes(/GitLab.*Connect it again to go on\.$/)
    },
  )

  it('names an account as its user does, and the provider where the account has no name', async () => {
    const account = { id: '7', name: null, username: 'ada', avatarUrl: null }
    standIn.connections = [makeConnection({ account })]
    const { unmount } = show()
    await waitFor(() => expect(findButton()?.textContent).toBe('Connected as ada'))
    unmount()
    standIn.connections = [makeConnection({ account: { ...account, username: null } })]
    show()
    await waitFor(() => expect(findButton()?.textContent).toBe('GitLab connected'))
  })

  verifies('kit:brands', async () => {
    const mark = { color: '#123456', path: 'M0 0h24v24z' }
    standIn.brands = { acmecrm: { title: 'Acme CRM', mark }, notes: { title: 'Notes', mark: null } }
    const page = (...providers: string[]) => (
      <Page>
        {providers.map((provider) => (
          <ConnectButton key={provider} provider={provider} />
        ))}
      </Page>
    )
    const { rerender } = render(page('acmecrm', 'notes'))
    const [crm, notes] = screen.getAllByRole('button')
    await waitFor(() => expect(crm?.textContent).toBe('Connect Acme CRM'))
    expect(crm?.querySelector('svg')?.getAttribute('fill')).toBe(mark.color)
    expect(crm?.querySelector('path')?.getAttribute('d')).toBe(mark.path)
    expect(notes?.querySelector('[data-keywell-mark="N"]')).not.toBeNull()
    const [read, ...others] = standIn.browser.requests
    expect(read?.url).toMatch(/connections\?brands=acmecrm,notes$/)
    expect(others).toEqual([])

    // One that is shown later is asked for then.
    standIn.brands = { ...standIn.brands, forge: { title: 'Acme Forge', mark: null } }
    rerender(page('acmecrm', 'notes', 'forge'))
    await screen.findByRole('button', { name: 'Connect Acme Forge' })
    expect(calls('GET ')).toHaveLength(2)
  })

  it('is not fooled by a provider that has the name of a built-in', () => {
    show({ provider: 'constructor' })
    expect(findButton()?.textContent).toBe('Connect Constructor')
  })

  it('shows that the list of connections is not there yet', async () => {
    show()
    expect(button().dataset.loading).toBe('')
    await waitFor(() => expect(button().dataset.loading).toBeUndefined())
    expect(button().textContent).toBe('Connect GitLab')
  })

  it('does not wait for a list that cannot be read', async () => {
    standIn.browser.failures.set('GET /api', 'unavailable')
    show()
    await waitFor(() => expect(button().dataset.loading).toBeUndefined())
    await clickThrough()
  })

  it('has sizes and variants', () => {
    const { rerender } = show()
    expect(button().dataset).toMatchObject({ size: 'md', variant: 'primary' })
    rerender(
      <Page>
        <ConnectButton provider="gitlab" size="lg" variant="ghost" />
      </Page>,
    )
    expect(button().dataset).toMatchObject({ size: 'lg', variant: 'ghost' })
  })

  it('speaks German from its own catalogue', async () => {
    show({}, { messages: de })
    expect(button().textContent).toBe('GitLab verbinden')
    await clickThrough()
    await says('Warten auf GitLab …')
  })

  it("speaks the host's language", async () => {
    const messages = {
      button: { idle: '{provider} verbinden' },
      note: { blocked: 'Das Fenster wurde blockiert.' },
      providers: { gitlab: 'GitLab der Firma' },
      actions: { retry: 'Nochmal' },
    }
    standIn.browser.blockPopups = 'null'
    show({}, { messages })
    expect(button().textContent).toBe('GitLab der Firma verbinden')
    await user.click(button())
    await says('Das Fenster wurde blockiert.')
    expect(screen.getByRole('button', { name: 'Nochmal' })).toBeTruthy()
    // What was not translated stays.
    expect(screen.getByRole('button', { name: 'Continue in this tab' })).toBeTruthy()
  })
})

describe('mistakes', () => {
  beforeEach(() => {
    // React reports what a component throws.
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })

  // Written by hosts without types.
  it.each([
    [{ provider: undefined }, /needs a provider.*provider="gitlab"/],
    [{ provider: 'GitLab' }, /needs a provider/],
    [{ provider: '' }, /needs a provider/],
    [{ scopes: 'read_api' }, /scopes that are no array.*scopes=\{\[/],
    [{ connectionId: 'work' }, /connectionId.*connectionName="work"/],
    [{ asChild: true, children: 'Link' }, /asChild without exactly one element.*<MyButton/],
    [{ asChild: true, children: <b />, render: () => null }, /asChild and render.*one of the two/],
  ] as unknown as [Partial<ConnectButtonProps>, RegExp][])('%j', (props, message) => {
    expect(() => show(props)).toThrow(message)
  })

  it('a locale that is no language tag says so before a date is written', () => {
    expect(() => show({}, { locale: 'German' })).not.toThrow()
    expect(() => show({}, { locale: 'de_DE' })).toThrow(/language tag.*locale="pt-BR"/)
  })

  it('outside of a provider says what to do', () => {
    expect(() => render(<ConnectButton provider="gitlab" />)).toThrow(
      /put <KeywellProvider> around this/,
    )
  })
})
