/** The picker against the real service, and against offers that a test makes up. */
import type { ConnectOptions, ScopeName } from '@keywell/protocol'
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import fc from 'fast-check'
import { createRef, type ReactElement, StrictMode, useState } from 'react'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { de } from './de.ts'
import { KeywellProvider, type KeywellProviderProps } from './provider.tsx'
import { ScopePicker, type ScopePickerProps } from './scope-picker.tsx'
import { type App, openApp } from './testing/app.ts'
import { createStandIn, makeConnection, makeProvider, type StandIn } from './testing/stand-in.ts'

type Offer = ConnectOptions['providers'][number]

let app: App
const user = userEvent.setup()

beforeEach(() => {
  app = openApp(inject('app'))
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  expect(app.browser.faults).toEqual([])
})

function show(
  props: Partial<ScopePickerProps> = {},
  provider: KeywellProviderProps = { window: app.browser.window },
) {
  return render(
    <StrictMode>
      <KeywellProvider {...provider}>
        <ScopePicker provider="gitlab" {...props} />
      </KeywellProvider>
    </StrictMode>,
  )
}
const root = () => screen.getByRole<HTMLFieldSetElement>('group', { name: /^What this app may do/ })
const reaches = (state: string) =>
  waitFor(() => expect(root().dataset.state).toBe(state), { timeout: 10_000 })
const row = (scope: string) => {
  const found = document.querySelector<HTMLElement>(`[data-keywell-scope="${scope}"]`)
  if (found === null) throw new Error(`${scope} is not shown.`)
  return found
}
const box = (scope: string) => within(row(scope)).getByRole<HTMLInputElement>('checkbox')
const preset = (name: string) => screen.getByRole<HTMLInputElement>('radio', { name })
const summary = () => document.querySelector('[data-keywell-summary]')?.textContent

async function problems(): Promise<string[]> {
  const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
  const { violations } = await axe.run(document.body, { rules })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)
}

describe('ScopePicker', () => {
  verifies('scopes:picker', async () => {
    const onChange = vi.fn()
    const ref = createRef<HTMLFieldSetElement>()
    render(
      <KeywellProvider window={app.browser.window}>
        <ScopePicker provider="gitlab" ref={ref} id="scopes" className="mine" onChange={onChange} />
      </KeywellProvider>,
    )
    expect(root().getAttribute('aria-busy')).toBe('true')
    await reaches('ready')
    expect(ref.current).toBe(root())
    expect([root().id, root().className]).toEqual(['scopes', 'mine'])
    // The least of the presets, which `onChange` gets.
    expect(preset('Read only').checked).toBe(true)
    await waitFor(() => expect(onChange.mock.calls).toEqual([[['read_api']]]))
    expect(box('read_api').checked).toBe(true)
    expect(box('read_user')).toMatchObject({ checked: true })
    expect(box('read_user').getAttribute('aria-disabled')).toBe('true')
    expect(row('read_user').textContent).toContain('Included in read_api')
    expect(row('api').textContent).toContain('Very high risk')
    expect(summary()).toBe('55 of 110 actions work with this choice.')
    expect(row('read_api').textContent).toContain('Stops working without it: 55')
    expect(row('api').textContent).toContain('Works with it: 55')
    expect(await problems()).toEqual([])
    // What is included cannot be taken away by itself.
    await user.click(box('read_user'))
    expect(box('read_user').checked).toBe(true)
    expect(onChange).toHaveBeenCalledTimes(1)

    await user.click(preset('Full access'))
    expect(onChange.mock.lastCall).toEqual([['api']])
    expect(row('read_api').textContent).toContain('Included in api')
    expect(summary()).toBe('110 of 110 actions work with this choice.')
    await user.click(box('api'))
    expect(preset('My own choice').checked).toBe(true)
    expect(onChange.mock.lastCall).toEqual([[]])
    expect(summary()).toMatch(/at least one/)
    await user.click(box('read_user'))
    expect(onChange.mock.lastCall).toEqual([['read_user']])
    expect(summary()).toBe('4 of 110 actions work with this choice.')
    expect(await problems()).toEqual([])
  })

  it('leaves the choice to the app that holds it', async () => {
    const received: ScopeName[][] = []
    const { unmount } = render(
      <KeywellProvider window={app.browser.window}>
        <Holding received={received} obeys />
      </KeywellProvider>,
    )
    await reaches('ready')
    // A name that is not offered does not come back.
    await waitFor(() => expect(received).toEqual([['read_user']]))
    await user.click(box('read_api'))
    expect(received).toEqual([['read_user'], ['read_api']])
    expect(box('read_api').checked).toBe(true)
    unmount()

    received.length = 0
    render(
      <KeywellProvider window={app.browser.window}>
        <Holding received={received} obeys={false} />
      </KeywellProvider>,
    )
    await reaches('ready')
    await user.click(box('read_api'))
    expect(received.at(-1)).toEqual(['read_api'])
    expect(box('read_api').checked).toBe(false)
  })

  it('sends with a form the scopes that are asked for, and nothing else', async () => {
    render(
      <KeywellProvider window={app.browser.window}>
        <form aria-label="form">
          <ScopePicker provider="gitlab" name="scope" defaultValue={['read_api']} />
        </form>
      </KeywellProvider>,
    )
    await reaches('ready')
    const sent = () => [...new FormData(screen.getByRole<HTMLFormElement>('form'))]
    expect(sent()).toEqual([['scope', 'read_api']])
    await user.click(preset('Full access'))
    expect(sent()).toEqual([['scope', 'api']])
  })

  verifies('scopes:picker-tools', async () => {
    const onChange = vi.fn()
    show({ tools: ['gitlab_issue_create', 'gitlab_issues_list'], onChange })
    await reaches('ready')
    // What they need, and nothing more.
    await waitFor(() => expect(onChange.mock.calls).toEqual([[['api']]]))
    expect(summary()).toBe('2 of 2 actions work with this choice.')
    const details = within(row('api')).getByText('Stops working without it: 2').parentElement
    expect(details?.textContent).toContain('IssuesList issues, Create issue')
    await user.click(preset('Read only'))
    expect(summary()).toBe('This app needs more for: Create issue.')
    expect(row('api').textContent).toContain('Works with it: 1')
  })

  verifies('scopes:picker-changes', async () => {
    const onChange = vi.fn()
    const connection = makeConnection({
      host: inject('app').providerUrl,
      scopes: ['read_api', 'email'],
    })
    const standIn = createStandIn()
    standIn.providers = [{ ...gitlabOffer(), tools: [] }]
    show({ connection, defaultValue: ['write_repository'], onChange }, offline(standIn))
    await reaches('ready')
    const changes = () => screen.getByRole('group', { name: 'What changes' }).textContent
    // What is granted stays, unless the person takes it away.
    await waitFor(() => expect(onChange.mock.calls).toEqual([[['read_api', 'write_repository']]]))
    expect(row('read_api').textContent).toContain('Allowed now')
    expect(row('write_repository').textContent).toContain('New')
    // One that is not offered any more is taken away.
    expect(changes()).toMatch(/Allowed now\W*read_api.*New\W*write_repository.*Taken away\W*email/)
    expect(await problems()).toEqual([])
    await user.click(box('read_api'))
    expect(row('read_api').textContent).toContain('Taken away')
    expect(row('read_user').textContent).toContain('Taken away')
    expect(changes()).toMatch(/New\W*write_repository.*Taken away\W*read_api and email/)
  })

  it('says that nothing changes', async () => {
    const standIn = createStandIn()
    standIn.providers = [gitlabOffer()]
    show({ connection: makeConnection({ scopes: ['read_api'] }) }, offline(standIn))
    await reaches('ready')
    expect(screen.getByText('Nothing changes.')).toBeTruthy()
  })

  verifies('scopes:picker-error', async () => {
    app.browser.failures.set('GET ', 'network')
    show()
    await reaches('error')
    expect(screen.getByRole('alert').textContent).toMatch(/Please try again/)
    expect(await problems()).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await waitFor(() => expect(screen.getByRole('button').getAttribute('aria-busy')).toBe('false'))
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Try again' }))
    app.browser.failures.clear()
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await reaches('ready')
    await waitFor(() => expect(document.activeElement).toBe(root()))
    cleanup()
    app.browser.failures.set('POST ', 'unauthorized')
    show()
    await reaches('error')
    expect(screen.getByRole('alert').textContent).toMatch(/Sign in, and try again/)
  })

  it('takes no focus while the page loads', async () => {
    show()
    await reaches('ready')
    expect(document.activeElement).toBe(document.body)
  })

  it('says whom to ask where nothing can be chosen', async () => {
    show({ provider: 'github' as 'gitlab' })
    await reaches('missing')
    expect(root().textContent).toMatch(/not set up here. Please ask your administrator/)
    cleanup()
    const standIn = createStandIn()
    show({}, offline(standIn))
    await reaches('ready')
    expect(root().textContent).toMatch(/Nothing in GitLab can be allowed here. Please ask/)
    expect(await problems()).toEqual([])
  })

  it('offers what is registered on the host', async () => {
    show({ host: 'https://gitlab.com' })
    await reaches('missing')
    cleanup()
    show({ host: inject('app').providerUrl })
    await reaches('ready')
  })

  it('speaks German throughout', async () => {
    show({}, { window: app.browser.window, messages: de })
    await waitFor(() => expect(screen.getByRole('radio', { name: 'Nur lesen' })).toBeTruthy())
    expect(row('read_api').textContent).toMatch(/und nichts ändern.*Hohes Risiko/)
    expect(row('read_api').textContent).toContain('IssuesIssues auflisten')
    const { textContent } = screen.getByRole('group', { name: 'Was diese App in GitLab darf' })
    expect(textContent).not.toMatch(/\b(the|and|with|List|Get|risk)\b/)
  })

  it('throws for wrong props, and says how to write them', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => show({ provider: '' as 'gitlab' })).toThrow(/provider="gitlab"/)
    expect(() => show({ tools: 'all' as unknown as string[] })).toThrow(/tools=\{\[/)
  })
})

/** An app that holds the choice, and may insist on it. */
function Holding({ received, obeys }: { received: ScopeName[][]; obeys: boolean }): ReactElement {
  const [scopes, setScopes] = useState<ScopeName[]>(['read_user', 'sudo'])
  return (
    <ScopePicker
      provider="gitlab"
      value={scopes}
      onChange={(next) => {
        received.push(next)
        if (obeys) setScopes(next)
      }}
    />
  )
}

const offline = (standIn: StandIn): KeywellProviderProps => ({ window: standIn.browser.window })

function gitlabOffer(): Offer {
  const scope = (name: string, more: Partial<Offer['scopes'][number]> = {}) => ({
    name,
    sentence: `Sentence of ${name}.`,
    risk: 'medium' as const,
    implies: [],
    group: 'all',
    required: false,
    ...more,
  })
  return {
    ...makeProvider('gitlab', 'GitLab'),
    scopes: [
      scope('read_api', { implies: ['read_user'] }),
      scope('read_user'),
      scope('write_repository'),
    ],
    scopeGroups: [{ name: 'all', title: 'All' }],
    scopePresets: [
      { name: 'least', title: 'Least', sentence: 'The least.', scopes: ['read_user'] },
    ],
  }
}

const letters = ['a', 'b', 'c', 'd', 'e']
const offers = fc
  .record({
    implied: fc.array(fc.subarray(letters, { maxLength: 2 }), { minLength: 5, maxLength: 5 }),
    offered: fc.subarray(letters, { minLength: 1 }),
    required: fc.subarray(letters, { maxLength: 2 }),
  })
  .map(
    ({ implied, offered, required }): Offer => ({
      ...makeProvider('gitlab', 'GitLab'),
      scopes: offered.map((name) => ({
        name,
        sentence: `Sentence of ${name}.`,
        risk: 'low',
        implies: implied[letters.indexOf(name)] ?? [],
        group: 'all',
        required: required.includes(name),
      })),
      scopeGroups: [{ name: 'all', title: 'All' }],
      scopePresets: [
        { name: 'first', title: 'First', sentence: 'The first.', scopes: offered.slice(0, 1) },
        { name: 'wide', title: 'Wide', sentence: 'Not all is offered.', scopes: letters },
      ],
    }),
  )

verifies('T7:picker-bounded', async () => {
  const wanted = fc.subarray([...letters, 'sudo'])
  const clicks = fc.array(fc.nat(20), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(offers, wanted, wanted, clicks, async (offer, before, granted, clicked) => {
      // Also after a run that failed.
      cleanup()
      const standIn = createStandIn()
      standIn.providers = [offer]
      const received: ScopeName[][] = []
      const connection = makeConnection({ scopes: granted })
      const onChange = (scopes: ScopeName[]) => received.push(scopes)
      show({ defaultValue: before, connection, onChange }, offline(standIn))
      const selector = '[data-keywell-scope-picker][data-state="ready"]'
      const ready = await waitFor(() => document.querySelector(selector) ?? Promise.reject(), {
        timeout: 10_000,
      })
      const names = offer.scopes.map(({ name }) => name)
      const boxes = [...ready.querySelectorAll<HTMLInputElement>('[type="checkbox"]')]
      expect(boxes.map(({ value }) => value)).toEqual(names)
      for (const at of clicked) {
        const inputs = ready.querySelectorAll('input')
        const input = inputs[at % inputs.length]
        if (input !== undefined) fireEvent.click(input)
      }
      const required = offer.scopes.filter((scope) => scope.required).map(({ name }) => name)
      await waitFor(() => expect(received.length).toBeGreaterThan(0))
      for (const scopes of received) {
        expect(names).toEqual(expect.arrayContaining(scopes))
        expect(scopes).toEqual(expect.arrayContaining(required))
      }
    }),
    { numRuns: 60 },
  )
})
