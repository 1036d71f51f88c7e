/**
 * The element against hand-made answers, so that a test chooses the instant of every state. In a real browser it
 * is tested with Vue and Svelte.
 */
import { cleanup, render, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConnectButton } from '../connect-button.tsx'
import { createKeywellClient, type KeywellClient } from '../core/index.ts'
import { de } from '../de.ts'
import { KeywellProvider } from '../provider.tsx'
import { drawn } from '../testing/drawn.ts'
import { connectToken, createStandIn, makeConnection, type StandIn } from '../testing/stand-in.ts'
import { KeywellConnectElement } from './index.ts'

const user = userEvent.setup()
let standIn: StandIn

beforeEach(() => {
  standIn = createStandIn()
})

afterEach(() => {
  cleanup()
  document.body.replaceChildren()
  window.sessionStorage.clear()
  expect(standIn.browser.faults).toEqual([])
})

const makeClient = () => createKeywellClient({ window: standIn.browser.window })

/** An element in the page, with these attributes. */
function show(attributes = '', client: KeywellClient = makeClient()): KeywellConnectElement {
  const template = document.createElement('template')
  template.innerHTML = `<keywell-connect provider="gitlab" ${attributes}></keywell-connect>`
  const element = document.importNode(template.content, true).querySelector('keywell-connect')
  if (element === null) throw new Error('There is no element.')
  element.client = client
  document.body.append(element)
  return element
}

const until = (check: () => void) => waitFor(check, { timeout: 15_000 })
const find = (selector: string) => document.querySelector<HTMLElement>(selector)
const button = () => find('[data-keywell-button]')
const note = () => find('[data-keywell-note]')?.textContent
const status = () => find('[role="status"]')?.textContent
const reaches = (state: string) => until(() => expect(button()?.dataset.state).toBe(state))

/** Clicks the button of this name, wherever it is. */
async function press(name: string | RegExp): Promise<void> {
  const isNamed = ({ textContent }: Element) =>
    typeof name === 'string' ? textContent === name : name.test(textContent ?? '')
  const [found] = [...document.querySelectorAll('button')].filter(isNamed)
  if (found === undefined) throw new Error(`There is no button ${name}.`)
  await user.click(found)
}

/** Opens the account of the connected button. */
async function open(): Promise<void> {
  await press(/^Connected as Ada/)
  await until(() => expect(find('dialog [data-keywell-choices]')).not.toBeNull())
}

async function connect(connection = makeConnection()): Promise<void> {
  await until(() => expect(button()?.dataset.loading).toBeUndefined())
  await press(/GitLab$/)
  await reaches('waiting')
  standIn.move({ status: 'connected', connection })
  await reaches('connected')
}

/** Every state that a person meets, one after the other. */
async function walk(container: Element): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  const look = (name: string) => {
    seen[name] = drawn(container)
  }
  await until(() => expect(button()?.dataset.loading).toBeUndefined())
  look('idle')
  await press(/GitLab/)
  await reaches('waiting')
  look('waiting')
  for (const popup of standIn.browser.popups) popup.closed = true
  await until(() => expect(note()).toMatch(/still open/))
  look('popup closed')
  await press('Cancel')
  await reaches('cancelled')
  look('cancelled')
  standIn.browser.blockPopups = 'null'
  await press(/GitLab/)
  await reaches('blocked')
  look('blocked')
  standIn.browser.blockPopups = undefined
  await press('Try again')
  await reaches('waiting')
  const error = { code: 'access_denied', message: 'no', retryable: true } as const
  standIn.move({ status: 'failed', error })
  await reaches('denied')
  look('denied')
  standIn.browser.failures.set('POST', 'internal')
  await press(/GitLab/)
  await reaches('error')
  look('error')
  standIn.browser.failures.clear()
  await connect(makeConnection({ missingScopes: ['api'], endsAt: '2026-05-01T00:00:00.000Z' }))
  look('connected')
  await open()
  look('account')
  await press('Disconnect')
  look('question')
  standIn.browser.failures.set('DELETE', 'internal')
  await press('Disconnect GitLab')
  await until(() => expect(find('[role="alert"]')?.textContent).toMatch(/did not work/))
  look('failed')
  return seen
}

describe('<keywell-connect>', () => {
  it('draws in each state what ConnectButton draws', async () => {
    const element = show('disconnectable manageable')
    const ours = await walk(element)
    element.remove()
    standIn = createStandIn()
    const { container } = render(
      <KeywellProvider window={standIn.browser.window}>
        <ConnectButton provider="gitlab" disconnectable onManage={() => undefined} />
      </KeywellProvider>,
    )
    expect(ours).toEqual(await walk(container))
  })

  it('has nothing that axe finds, and fits on a page without our stylesheet', async () => {
    const element = show('disconnectable')
    const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
    const problems = async () => (await axe.run(element, { rules })).violations.map(({ id }) => id)
    await reaches('idle')
    expect(await problems()).toEqual([])
    await connect()
    expect(await problems()).toEqual([])
    await open()
    expect(await problems()).toEqual([])
    expect(find('[role="status"]')?.style.position).toBe('fixed')
  })

  it('sends events that bubble, and none has a secret', async () => {
    const events: [string, unknown][] = []
    for (const name of ['success', 'exit', 'event', 'disconnect', 'manage']) {
      document.body.addEventListener(`keywell-${name}`, (event) => {
        events.push([event.type, (event as CustomEvent).detail])
      })
    }
    const element = show('disconnectable manageable scopes="read_api  read_user"')
    const connection = makeConnection()
    await connect(connection)
    expect(standIn.flowRequests).toMatchObject([{ scopes: ['read_api', 'read_user'] }])
    expect(element.connection).toEqual(connection)
    expect(element.state).toEqual({ name: 'connected', connection })
    await open()
    await press('Manage')
    await until(() => expect(find('dialog')).toBeNull())
    await open()
    await press('Disconnect')
    await press('Disconnect GitLab')
    await reaches('idle')
    await press(/GitLab/)
    await reaches('waiting')
    element.cancel()
    await reaches('cancelled')
    await until(() => expect(events.at(-1)?.[0]).toBe('keywell-exit'))
    expect(events.map(([name]) => name)).toEqual([
      ...['event', 'event', 'event', 'success'].map((name) => `keywell-${name}`),
      'keywell-manage',
      'keywell-disconnect',
      ...['event', 'event', 'event', 'exit'].map((name) => `keywell-${name}`),
    ])
    expect(events.find(([name]) => name === 'keywell-success')?.[1]).toEqual({ connection })
    expect(events.at(-1)?.[1]).toMatchObject({ error: null, provider: 'gitlab' })
    expect(JSON.stringify(events)).not.toContain(connectToken)
  })

  it('speaks through a live region, also when the account is gone', async () => {
    show('disconnectable')
    await connect()
    expect(status()).toBe('Connected as Ada Lovelace')
    await open()
    await press('Disconnect')
    await press('Disconnect GitLab')
    await until(() => expect(status()).toBe('GitLab is disconnected'))
  })

  it('returns the focus of an action, and of a dialog, to the button', async () => {
    show('disconnectable')
    await until(() => expect(button()?.dataset.loading).toBeUndefined())
    standIn.browser.blockPopups = 'null'
    await press(/GitLab/)
    await reaches('blocked')
    standIn.browser.blockPopups = undefined
    await press('Try again')
    await reaches('waiting')
    expect(document.activeElement).toBe(button())
    standIn.move({ status: 'connected', connection: makeConnection() })
    await reaches('connected')
    await open()
    expect(document.activeElement?.textContent).toBe('Close')
    await press('Disconnect')
    expect(document.activeElement?.textContent).toBe('Keep it connected')
    await press('Keep it connected')
    await until(() => expect(document.activeElement).toBe(button()))
  })

  it('keeps what did not change, so that nothing loses the focus or moves', async () => {
    const element = show()
    await until(() => expect(button()?.dataset.loading).toBeUndefined())
    standIn.browser.blockPopups = 'null'
    await press(/GitLab/)
    await reaches('blocked')
    const parts = [...element.querySelectorAll('*')]
    standIn.connections = [makeConnection({ name: 'other' })]
    await element.client.connections.refresh()
    element.setAttribute('size', 'lg')
    await until(() => expect(button()?.dataset.size).toBe('lg'))
    expect([...element.querySelectorAll('*')]).toEqual(parts)
  })

  it('takes the place of what the page had written into it', async () => {
    const element = document.createElement('keywell-connect')
    element.innerHTML = '<a href="/connect/gitlab">Connect GitLab</a>'
    element.setAttribute('provider', 'gitlab')
    element.client = makeClient()
    document.body.append(element)
    await reaches('idle')
    expect(element.querySelector('a')).toBeNull()
  })

  it('takes properties that were set before it was defined', async () => {
    const client = makeClient()
    const element = document.createElement('x-keywell-late')
    Object.assign(element, { client, messages: de })
    element.setAttribute('provider', 'gitlab')
    document.body.append(element)
    customElements.define('x-keywell-late', class extends KeywellConnectElement {})
    await until(() => expect(button()?.textContent).toBe('GitLab verbinden'))
    expect((element as KeywellConnectElement).client).toBe(client)
    expect(Object.hasOwn(element, 'client')).toBe(false)
  })

  it('shares one list among the elements of a page', async () => {
    const fetch = vi.spyOn(window, 'fetch').mockImplementation(standIn.browser.window.fetch)
    document.body.innerHTML = `
      <keywell-connect provider="gitlab"></keywell-connect>
      <keywell-connect provider="gitlab" connection-name="work"></keywell-connect>
      <keywell-connect provider="gitlab" endpoint="/other/keywell"></keywell-connect>`
    const [first, second, third] = document.querySelectorAll('keywell-connect')
    expect(second?.client).toBe(first?.client)
    expect(third?.client).not.toBe(first?.client)
    await until(() => expect(document.querySelectorAll('[data-loading]')).toHaveLength(0))
    expect(document.querySelectorAll('[data-keywell-button]')).toHaveLength(3)
    expect(standIn.browser.calls).toEqual([
      'GET /api/keywell/connections',
      'GET /other/keywell/connections',
    ])
    fetch.mockRestore()
  })

  it('lets go of everything when it leaves the page, and follows its attempt when it comes back', async () => {
    const element = show()
    const onSuccess = vi.fn()
    element.addEventListener('keywell-success', onSuccess)
    await until(() => expect(button()?.dataset.loading).toBeUndefined())
    await press(/GitLab/)
    await reaches('waiting')
    await until(() => expect(standIn.browser.openStreams).toBe(1))
    element.remove()
    await until(() => expect(standIn.browser.openStreams).toBe(0))
    const connection = makeConnection()
    standIn.move({ status: 'connected', connection })
    document.body.append(element)
    await reaches('connected')
    await until(() => expect(onSuccess).toHaveBeenCalledOnce())
  })

  it('becomes the button of another connection when its attributes change', async () => {
    standIn.connections = [makeConnection({ name: 'work' })]
    const element = show()
    await until(() => expect(button()?.dataset.loading).toBeUndefined())
    expect(button()?.dataset.state).toBe('idle')
    element.setAttribute('connection-name', 'work')
    await reaches('connected')
  })

  it('sends no form, and a fieldset that is disabled disables it', async () => {
    const form = document.createElement('form')
    const fieldset = document.createElement('fieldset')
    const onSubmit = vi.fn((event: Event) => event.preventDefault())
    form.addEventListener('submit', onSubmit)
    document.body.append(form)
    form.append(fieldset)
    fieldset.append(show())
    await until(() => expect(button()?.dataset.loading).toBeUndefined())
    fieldset.disabled = true
    expect(button()?.matches(':disabled')).toBe(true)
    fieldset.disabled = false
    await press(/GitLab/)
    await reaches('waiting')
    expect(onSubmit).not.toHaveBeenCalled()
  })

  it('opens the popup in the very click, with the attributes of that instant', async () => {
    const element = show()
    await until(() => expect(button()?.dataset.loading).toBeUndefined())
    element.setAttribute('mode', 'redirect')
    element.start()
    expect(standIn.browser.popups).toHaveLength(0)
    await reaches('waiting')
    element.setAttribute('mode', 'popup')
    element.start()
    expect(standIn.browser.popups).toHaveLength(1)
  })

  it('says what is wrong where no provider is named', async () => {
    const element = new KeywellConnectElement()
    const failed = new Promise<unknown>((resolve) => {
      vi.stubGlobal('queueMicrotask', (task: () => void) => {
        try {
          task()
        } catch (thrown) {
          resolve(thrown)
        }
      })
    })
    document.body.append(element)
    vi.unstubAllGlobals()
    expect(String(await failed)).toContain('<keywell-connect> needs a provider')
  })
})
