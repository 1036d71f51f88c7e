/** The list of accounts against the real service, behind an app with the SDK's `connectHandler`. */
import { cleanup, screen, within } from '@testing-library/react'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import type { ConnectionsManagerProps } from './connections-manager.tsx'
import { de } from './de.ts'
import type { KeywellProviderProps } from './provider.tsx'
import { type App, openApp } from './testing/app.ts'
import { flowsOf } from './testing/browser.ts'
import {
  button,
  choose,
  dialog,
  isRead,
  manager,
  row,
  rows,
  said,
  showManager,
  statusOf,
  titles,
  until,
  user,
} from './testing/manager.test.support.tsx'
import { createStandIn, makeConnection, makeProvider, type StandIn } from './testing/stand-in.ts'

let app: App

beforeEach(() => {
  app = openApp(inject('app'))
})

afterEach(() => {
  cleanup()
  window.sessionStorage.clear()
  expect(app.browser.faults).toEqual([])
})

const show = (props?: ConnectionsManagerProps, provider?: KeywellProviderProps) =>
  showManager(app.browser, props, provider)

/** What the page asks of the service, once its user is on the way to the provider for the first or second time. */
async function asked(times = 1): Promise<Record<string, unknown> | undefined> {
  await until(() => expect(app.browser.forms).toHaveLength(times))
  return (await flowsOf(app.browser)).at(-1)
}

async function expectAccessible(): Promise<void> {
  const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
  expect((await axe.run(document.body, { rules })).violations).toEqual([])
}

describe('an empty list', () => {
  it('says so, and connects the first account', async () => {
    const onSuccess = vi.fn()
    show({ onSuccess })
    expect(screen.getByLabelText('Loading your accounts …')).toBeTruthy()
    expect(manager().getAttribute('aria-busy')).toBe('true')
    await isRead()
    expect(manager().textContent).toContain('No account is connected yet')
    await user.click(await button('Connect GitLab'))
    await asked()
    await app.consent()
    await until(() => expect(titles()).toEqual(['GitLab']))
    expect(row(0).getByText('Ada Okafor')).toBeTruthy()
    await until(() => expect(onSuccess.mock.calls).toMatchObject([[{ provider: 'gitlab' }]]))
    await until(() =>
      expect(document.activeElement?.getAttribute('aria-label')).toMatch(/^Manage GitLab.*, Ada/),
    )
    await expectAccessible()
  })

  it('offers what the host names, and nothing where it names nothing', async () => {
    const { unmount } = show({ providers: [{ provider: 'gitlab', scopes: ['read_user'] }] })
    await user.click(await button('Connect GitLab'))
    expect(await asked()).toMatchObject({ provider: 'gitlab', scopes: ['read_user'] })
    unmount()
    show({ providers: [] })
    await isRead()
    expect(within(manager()).queryAllByRole('button')).toEqual([])
  })
})

describe('a row', () => {
  it('says whose account it is, how it is, what it may do and when it was used', async () => {
    await app.addConnection({ connectionName: 'work' })
    show()
    await until(() => expect(titles()).toEqual(['GitLabwork']))
    const status = statusOf(0)
    expect(status?.dataset.state).toBe('ok')
    expect(status?.textContent).toBe('Connected Checked just now')
    const time = status?.querySelector('time')
    expect(Date.parse(time?.dateTime ?? '')).not.toBeNaN()
    await user.click(row(0).getByRole('button', { name: /^Manage GitLab \(work\), Ada Okafor$/ }))
    expect((await screen.findByRole('dialog', { name: 'GitLab (work)' })).textContent).toMatch(
      /AccountAda Okafor.*Addresslocalhost:\d+.*Allowed.*Last usedNot yet/,
    )
    // By the service's sentences, as soon as they are there.
    await until(() => expect(dialog().getByText(/^Do in GitLab everything/)).toBeTruthy())
    await expectAccessible()
  })

  it('that needs its user says why, and reconnects in the very click', async () => {
    show()
    await user.click(await button('Connect GitLab'))
    await asked()
    await app.consent()
    await until(() => expect(titles()).toEqual(['GitLab']))
    await app.revoke()
    // By the stream: nothing was clicked, and nothing loaded again.
    await until(() => expect(rows()[0]?.dataset.state).toBe('revoked'))
    expect(rows()[0]?.textContent).toContain('Reconnect needed Access was withdrawn at GitLab.')
    await until(() => expect(said()).toMatch(/^GitLab.* has to be reconnected\.$/))
    await expectAccessible()
    const popups = app.browser.popups.length
    await user.click(row(0).getByRole('button', { name: 'Reconnect GitLab' }))
    expect(app.browser.popups).toHaveLength(popups + 1)
    await asked(2)
    await app.consent()
    await until(() => expect(rows()[0]?.dataset.state).toBe('active'))
    await until(() => expect(document.activeElement).toBe(row(0).getByRole('button')))
    expect(rows()).toHaveLength(1)
  })

  it('lets its user change what the app may do, in a dialog, and connects again with that', async () => {
    show(
      {},
      { messages: { scopeWords: { gitlab: { scopes: { read_user: 'Sieht den Namen.' } } } } },
    )
    await app.addConnection()
    await user.click(await button(/^Manage/))
    await choose('Change what is allowed')
    const change = within(await screen.findByRole('dialog', { name: 'Change what is allowed' }))
    // Named by the app's words, as in the list.
    await until(() => expect(change.getAllByText('Sieht den Namen.').length).toBeGreaterThan(0))
    await user.click(change.getByRole('button', { name: 'Cancel' }))
    await until(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(app.browser.forms).toHaveLength(0)
    await until(() => expect(document.activeElement).toBe(row(0).getByRole('button')))

    await user.click(await button(/^Manage/))
    await choose('Change what is allowed')
    const again = within(await screen.findByRole('dialog', { name: 'Change what is allowed' }))
    await user.click(await again.findByRole('radio', { name: 'Full access' }))
    const popups = app.browser.popups.length
    await user.click(again.getByRole('button', { name: 'Continue to GitLab' }))
    expect(app.browser.popups).toHaveLength(popups + 1)
    expect(await asked()).toMatchObject({ scopes: expect.arrayContaining(['api']) })
  })

  it('offers no change where the host lets nobody choose', async () => {
    show({ scopePicker: false })
    await app.addConnection()
    await user.click(await button(/^Manage/))
    await screen.findByRole('dialog')
    expect(dialog().queryByRole('button', { name: 'Change what is allowed' })).toBeNull()
  })

  it('hands the choice of scopes to the host, and connects again with what was chosen', async () => {
    show({
      scopePicker: ({ connection, options, start, cancel }) => (
        <fieldset>
          <legend>{connection.name}</legend>
          <span>{options?.scopes.length}</span>
          <button type="button" onClick={() => start(['read_user'])}>
            Ask
          </button>
          <button type="button" onClick={cancel}>
            Leave it
          </button>
        </fieldset>
      ),
    })
    await app.addConnection()
    await user.click(await button(/^Manage/))
    await choose('Change what is allowed')
    await user.click(await button('Leave it'))
    expect(screen.queryByRole('group', { name: 'default' })).toBeNull()
    await user.click(await button(/^Manage/))
    await choose('Change what is allowed')
    await user.click(await button('Ask'))
    expect(await asked()).toMatchObject({ scopes: ['read_user'] })
    expect(screen.queryByRole('group', { name: 'default' })).toBeNull()
  })
})

describe('another account of the same provider', () => {
  it('is connected under a name of its own, and found by it', async () => {
    await app.addConnection()
    show()
    await user.click(await button('Add another GitLab account'))
    const name = screen.getByRole('textbox', { name: 'Name of the account' })
    expect(document.activeElement).toBe(name)
    await user.type(name, 'Büro Süd')
    await user.click(await button('Connect GitLab'))
    await asked()
    await app.consent('grace')
    await until(() => expect(titles()).toEqual(['GitLab', 'GitLabburo-sud']))
    await until(() => expect(document.activeElement).toBe(row(1).getByRole('button')))
    expect(screen.queryByRole('textbox')).toBeNull()
  })

  it('gets a name that is free, whatever was typed', async () => {
    await app.addConnection()
    await app.addConnection({ connectionName: 'work' })
    show()
    await user.click(await button('Add another GitLab account'))
    await user.click(await button('Connect GitLab'))
    expect(await asked()).toMatchObject({ connectionName: 'account-3' })
    expect(screen.getByRole('textbox').hasAttribute('readonly')).toBe(true)
  })

  it('is not connected after all: the focus is where it began', async () => {
    await app.addConnection()
    show()
    await user.click(await button('Add another GitLab account'))
    await user.click(await button('Cancel'))
    await until(() =>
      expect(document.activeElement?.textContent).toBe('Add another GitLab account'),
    )
  })
})

describe('an account that goes away', () => {
  it('is disconnected after a question, and the focus goes to the next one', async () => {
    const onDisconnect = vi.fn()
    await app.addConnection()
    await app.addConnection({ connectionName: 'second' })
    await app.addConnection({ connectionName: 'third' })
    show({ onDisconnect })
    await until(() => expect(rows()).toHaveLength(3))
    await user.click(row(1).getByRole('button'))
    await choose('Disconnect')
    expect(screen.getByRole('dialog', { name: 'Disconnect GitLab (second)?' })).toBeTruthy()
    expect(document.activeElement?.textContent).toBe('Keep it connected')
    await choose('Disconnect GitLab (second)')
    // Its row is gone, and the last step is still to be seen.
    await screen.findByRole('link', { name: /^Remove it at/ })
    await until(() => expect(titles()).toEqual(['GitLab', 'GitLabthird']))
    await choose('Close')
    await until(() => expect(document.activeElement).toBe(row(1).getByRole('button')))
    expect(said()).toBe('GitLab (second) is disconnected')
    expect(onDisconnect.mock.calls).toMatchObject([[{ name: 'second' }]])
  })

  it('by another window takes neither the focus nor a word of the user with it', async () => {
    await app.addConnection()
    const gone = await app.addConnection({ connectionName: 'second' })
    show()
    await until(() => expect(rows()).toHaveLength(2))
    row(1).getByRole('button').focus()
    await app.disconnect(gone.id)
    await until(() => expect(titles()).toEqual(['GitLab']))
    await until(() => expect(document.activeElement).toBe(row(0).getByRole('button')))
    expect(said()).toBe('GitLab (second) is no longer connected.')
  })

  it('as the last one leaves the focus on the heading', async () => {
    const gone = await app.addConnection()
    show()
    await until(() => expect(rows()).toHaveLength(1))
    row(0).getByRole('button').focus()
    await app.disconnect(gone.id)
    await until(() => expect(document.activeElement?.textContent).toBe('Connected accounts'))
  })
})

describe('what goes wrong', () => {
  it('is said with the next step, and the next try shows the list', async () => {
    await app.addConnection()
    app.browser.failures.set('GET /api/keywell/connections', 'unavailable')
    show()
    await until(() => expect(manager().dataset.state).toBe('error'))
    expect(screen.getByRole('alert').textContent).toMatch(/They stay connected\. Please try again/)
    await expectAccessible()
    app.browser.failures.clear()
    await user.click(await button('Try again'))
    await until(() => expect(rows()).toHaveLength(1))
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('leaves what is known in place', async () => {
    await app.addConnection()
    show()
    await until(() => expect(rows()).toHaveLength(1))
    app.browser.failures.set('GET /api/keywell/connections', 'network')
    await app.addConnection({ connectionName: 'second' })
    await until(() => expect(manager().dataset.state).toBe('error'))
    expect(rows()).toHaveLength(1)
    app.browser.failures.clear()
  })

  it('while it finds out what can be connected says so, where there is nothing else to show', async () => {
    app.browser.failures.set('POST /api/keywell/session', 'unavailable')
    show()
    await until(() => expect(screen.getByRole('alert')).toBeTruthy())
    app.browser.failures.clear()
    await user.click(await button('Try again'))
    await button('Connect GitLab')
  })
})

it('is in German where its messages are', async () => {
  await app.addConnection()
  show({}, { messages: de })
  await until(() => expect(rows()).toHaveLength(1))
  expect(screen.getByRole('region', { name: 'Verbundene Konten' }).textContent).toMatch(
    /Verbunden Geprüft: gerade eben/,
  )
  await button('Weiteres Konto bei GitLab hinzufügen')
})

describe('many accounts', () => {
  let standIn: StandIn
  beforeEach(() => {
    standIn = createStandIn()
  })
  const showMany = (props?: ConnectionsManagerProps) => showManager(standIn.browser, props)

  it('are shown some at a time, and the focus goes to the first of those that come', async () => {
    standIn.connections = Array.from({ length: 100 }, (_, place) =>
      makeConnection({
        name: `n${place}`,
        ...(place === 90 && { status: 'revoked', needsReauth: true, reason: 'revoked' }),
      }),
    )
    showMany()
    await until(() => expect(rows()).toHaveLength(21))
    // Nothing that needs its user is hidden.
    expect(titles().at(-1)).toBe('GitLabn90')
    expect(manager().textContent).toContain('21 of 100 accounts')
    await user.click(await button('Show more'))
    expect(rows()).toHaveLength(41)
    await until(() => expect(document.activeElement).toBe(row(20).getByRole('button')))
    await user.click(await button('Show more'))
    await user.click(await button('Show more'))
    expect(rows()).toHaveLength(100)
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull()
  })

  it('draw again only what changed', async () => {
    const health = { status: 'ok' as const, reason: null, checkedAt: '2026-01-01T00:00:00.000Z' }
    standIn.connections = Array.from({ length: 1000 }, (_, place) =>
      makeConnection({ name: `n${place}`, health }),
    )
    showMany()
    await until(() => expect(rows()).toHaveLength(20))
    await button('Show more')
    await user.click(row(0).getByRole('button'))
    await choose('Disconnect')
    // Each row that is drawn writes when it was checked.
    const written = vi.spyOn(Intl.RelativeTimeFormat.prototype, 'format')
    await choose('Disconnect GitLab (n0)')
    await until(() => expect(titles()[0]).toBe('GitLabn1'))
    expect(rows()).toHaveLength(20)
    expect(written.mock.calls.length).toBeLessThan(5)
    written.mockRestore()
  })

  it('of one provider are those that were asked for', async () => {
    standIn.connections = [
      makeConnection(),
      makeConnection({ provider: 'tracker', host: 'https://tracker.com' }),
    ]
    standIn.providers = ['gitlab', 'tracker'].map((name) => ({
      ...makeProvider(name, name),
      hosts: [`https://${name}.com`],
    }))
    standIn.brands = { ...standIn.brands, tracker: { title: 'Acme Tracker', mark: null } }
    showMany({ provider: 'tracker' })
    await until(() => expect(titles()).toEqual(['Acme Tracker']))
    await button('Add another Acme Tracker account')
    expect(screen.queryByRole('button', { name: /GitLab/i })).toBeNull()
  })
})

describe('the host of an account', () => {
  const own = 'https://app.tracker.example'
  const others = [
    makeConnection({ provider: 'tracker', host: own }),
    makeConnection({ provider: 'tracker', host: 'https://tracker.com' }),
    makeConnection({ provider: 'tracker', host: 'https://acme.example/tracker', name: 'work' }),
  ]
  const hosts = () => rows().map((each) => each.textContent?.match(/ · (\S*?)(?=Connected)/)?.[1])

  verifies('connect:own-host', async () => {
    const standIn = createStandIn()
    standIn.connections = others
    standIn.providers = [{ ...makeProvider('tracker', 'Tracker'), defaultHost: own }]
    showManager(standIn.browser)
    const named = [undefined, 'tracker.com', 'acme.example/tracker']
    await until(() => expect(hosts()).toEqual(named))
    const names = within(manager())
      .getAllByRole('button', { name: /^Manage/ })
      .map((each) => each.getAttribute('aria-label'))
    expect(names).toEqual([
      'Manage Tracker, Ada Lovelace',
      'Manage Tracker (tracker.com), Ada Lovelace',
      'Manage Tracker (work), Ada Lovelace',
    ])
  })

  it('is named for each where the service does not say which is the provider’s own', async () => {
    const standIn = createStandIn()
    standIn.connections = others
    standIn.browser.failures.set('POST /api/keywell/session', 'unavailable')
    showManager(standIn.browser)
    const named = ['app.tracker.example', 'tracker.com', 'acme.example/tracker']
    await until(() => expect(hosts()).toEqual(named))
  })
})

describe('how a connection is', () => {
  it.each([
    ['ok', { health: health('ok') }, /^Connected Checked/],
    ['unknown', { health: health('unknown', null, null) }, /^Connected Not checked yet$/],
    ['degraded', { health: health('degraded', 'status_502') }, /tried again by itself\. Checked/],
    ['degraded', { health: health('degraded', 'request_rejected') }, /ask your administrator/],
    ['degraded', { health: health('degraded', 'account_mismatch') }, /another GitLab account/],
    ['needs_reauth', gone('expired', 'refresh_expired'), /^Reconnect needed .* has expired\.$/],
    ['needs_reauth', gone('expired', 'token_expired'), /a limited time, which is over\.$/],
    ['needs_reauth', gone('expired', 'lost_rotation'), /was lost\.$/],
    ['needs_reauth', gone('expired', 'sign_in_again'), /GitLab asks you to sign in again\.$/],
    ['needs_reauth', gone('revoked', 'revoked'), /was withdrawn at GitLab\.$/],
  ] as const)('%s: %j', async (state, change, words) => {
    const standIn = createStandIn()
    standIn.connections = [makeConnection(change)]
    showManager(standIn.browser)
    await until(() => expect(rows()).toHaveLength(1))
    const status = statusOf(0)
    expect(status?.dataset.state).toBe(state)
    expect(status?.textContent).toMatch(words)
    // In words and with a mark, and not by its colour alone.
    expect(status?.querySelector('svg')).toBeTruthy()
  })
})

function health(
  status: 'ok' | 'unknown' | 'degraded',
  reason: string | null = null,
  checkedAt: string | null = '2026-01-01T00:00:00.000Z',
) {
  return { status, reason, checkedAt }
}

function gone(
  status: 'expired' | 'revoked',
  reason: 'refresh_expired' | 'token_expired' | 'lost_rotation' | 'sign_in_again' | 'revoked',
) {
  return { status, reason, needsReauth: true, health: health('degraded', reason) }
}

it.each<[string, object, RegExp]>([
  ['a provider', { provider: 'Git Lab' }, /provider="gitlab"/],
  ['providers', { providers: 'gitlab' }, /providers=\{\['gitlab'\]\}/],
  ['a heading level', { headingLevel: 7 }, /headingLevel=\{2\}/],
])('says in development what is wrong with %s', (_, props, message) => {
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  expect(() => show(props)).toThrow(message)
  complaint.mockRestore()
})
