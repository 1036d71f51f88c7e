/** The picker of the element, beside that of the button of React. */
import type { Connection } from '@keywell/protocol'
import { cleanup, render, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { ConnectButton } from '../connect-button.tsx'
import { createKeywellClient, type ScopeOptions } from '../core/index.ts'
import { de } from '../de.ts'
import { KeywellProvider } from '../provider.tsx'
import { drawn } from '../testing/drawn.ts'
import { createStandIn, makeConnection, makeProvider, type StandIn } from '../testing/stand-in.ts'
import type { KeywellConnectElement } from './index.ts'
import './index.ts'

const user = userEvent.setup()
let standIn: StandIn

beforeEach(() => {
  standIn = createStandIn()
  standIn.providers = [offer]
})
afterEach(() => {
  cleanup()
  document.body.replaceChildren()
  expect(standIn.browser.faults).toEqual([])
})

const scope = (
  name: string,
  change: Partial<ScopeOptions['scopes'][number]> = {},
): ScopeOptions['scopes'][number] => ({
  name,
  sentence: `It allows ${name}.`,
  implies: [],
  group: 'all',
  risk: 'low',
  required: false,
  ...change,
})
const tool = (name: string, ...scopes: string[]): ScopeOptions['tools'][number] => ({
  name,
  title: `Do ${name}`,
  group: 'issues',
  scopes,
})
const offer: ScopeOptions = {
  ...makeProvider('gitlab', 'GitLab'),
  scopes: [
    scope('api', { implies: ['read_api', 'read_user'], risk: 'critical' }),
    scope('read_api', { implies: ['read_user'], risk: 'medium' }),
    scope('read_user', { group: 'profile' }),
    scope('write_repository', { group: 'code', risk: 'high' }),
  ],
  scopeGroups: [
    { name: 'all', title: 'Everything' },
    { name: 'profile', title: 'Your profile' },
    { name: 'code', title: 'Code' },
  ],
  scopePresets: [
    { name: 'read_only', title: 'Read only', sentence: 'See it.', scopes: ['read_api'] },
    { name: 'full', title: 'Full access', sentence: 'Do it.', scopes: ['api'] },
  ],
  tools: [],
}

const until = (check: () => void) => waitFor(check, { timeout: 15_000 })
const find = <Found extends HTMLElement>(selector: string) => {
  const found = document.querySelector<Found>(selector)
  if (found === null) throw new Error(`There is no ${selector}.`)
  return found
}
const box = (name: string) => find<HTMLInputElement>(`[data-keywell-scope="${name}"] input`)
const dialog = () => find<HTMLDialogElement>('dialog[data-keywell-scope-dialog]')
const isReady = () => until(() => expect(find('dialog fieldset').dataset.state).toBe('ready'))
const isIdle = () =>
  until(() => expect(find('[data-keywell-button]').dataset.loading).toBeUndefined())

function showElement(attributes = 'scope-picker'): KeywellConnectElement {
  const element = document.createElement('keywell-connect')
  element.setAttribute('provider', 'gitlab')
  for (const attribute of attributes.split(', ')) {
    const [name = '', value = ''] = attribute.split('=')
    element.setAttribute(name, value)
  }
  element.client = createKeywellClient({ window: standIn.browser.window })
  document.body.append(element)
  return element
}

/** Chooses in each way there is, and looks after each. */
async function choose(): Promise<string[]> {
  const seen: string[] = []
  const look = () => seen.push(drawn(dialog()))
  await isReady()
  await until(() => expect(find('[data-keywell-confirm]').ariaDisabled).not.toBe('true'))
  look()
  for (const name of ['write_repository', 'read_api', 'api', 'read_user']) {
    await user.click(box(name))
    look()
  }
  for (const radio of document.querySelectorAll<HTMLElement>('[data-keywell-preset] input')) {
    await user.click(radio)
    look()
  }
  return seen
}

async function problems(): Promise<string[]> {
  const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
  const { violations } = await axe.run(document.body, { rules })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)
}

const cases: [name: string, connections: Connection[], tools?: string[]][] = [
  ['before an account is connected', []],
  ['for the tools of an app', [], ['one', 'two']],
  ['of a connection', [makeConnection()]],
]

verifies.suite('scopes:element', () => {
  it.each(cases)('%s', async (_, connections, tools) => {
    standIn.connections = connections
    standIn.providers = [{ ...offer, tools: [tool('one', 'read_api'), tool('two', 'api')] }]
    async function open(): Promise<void> {
      await isIdle()
      await user.click(find('[data-keywell-button]'))
      if (connections.length === 0) return
      await until(() => find('[data-keywell-choice]'))
      await user.click(find('[data-keywell-choice]'))
    }
    showElement(tools ? `scope-picker, tools=${tools.join(' ')}` : undefined)
    await open()
    const ours = await choose()
    expect(await problems()).toEqual([])
    document.body.replaceChildren()
    render(
      <KeywellProvider window={standIn.browser.window}>
        <ConnectButton provider="gitlab" scopePicker={tools ? { tools } : true} />
      </KeywellProvider>,
    )
    await open()
    expect(ours).toEqual(await choose())
    expect(new Set(ours).size).toBeGreaterThan(3)
  })
})

describe('the scope picker of <keywell-connect>', () => {
  it('begins with what was chosen, in the click, and chooses it again', async () => {
    const element = showElement()
    await isIdle()
    await user.click(find('[data-keywell-button]'))
    await isReady()
    expect(document.activeElement).toBe(find('dialog h2'))
    expect(box('read_api').checked).toBe(true)
    await user.click(box('write_repository'))
    await user.click(find('[data-keywell-confirm]'))
    await until(() => expect(element.state.name).toBe('waiting'))
    expect(standIn.flowRequests).toMatchObject([{ scopes: ['read_api', 'write_repository'] }])
    expect(document.querySelector('dialog')).toBeNull()
    element.cancel()
    await until(() => expect(element.state.name).toBe('cancelled'))
    await user.click(find('[data-keywell-button]'))
    await isReady()
    expect(box('write_repository').checked).toBe(true)
  })

  it('sends nothing for a choice of nothing, and leaves everything as it is on Cancel', async () => {
    const element = showElement()
    await isIdle()
    await user.click(find('[data-keywell-button]'))
    await isReady()
    await user.click(box('read_api'))
    expect(find('[data-keywell-summary]').textContent).toContain('at least one')
    expect(find('[data-keywell-confirm]').ariaDisabled).toBe('true')
    await user.click(find('[data-keywell-confirm]'))
    expect(dialog().open).toBe(true)
    await user.click(find('[data-keywell-confirm] + button'))
    await until(() => expect(document.querySelector('dialog')).toBeNull())
    expect([element.state.name, standIn.flowRequests]).toEqual(['idle', []])
    expect(document.activeElement).toBe(find('[data-keywell-button]'))
  })

  it('says what is wrong and reads again, without losing the focus', async () => {
    standIn.browser.failures.set('POST', 'unavailable')
    showElement()
    await isIdle()
    await user.click(find('[data-keywell-button]'))
    await until(() => expect(find('dialog [role="alert"]').textContent).toContain('try again'))
    expect(await problems()).toEqual([])
    standIn.browser.failures.clear()
    await user.click(find('[data-keywell-scope-error] button'))
    await isReady()
    expect(document.activeElement).toBe(find('dialog fieldset'))
  })

  it('says what cannot be chosen at a provider that is not offered, in German', async () => {
    standIn.providers = []
    showElement().messages = de
    await isIdle()
    await user.click(find('[data-keywell-button]'))
    await until(() => expect(find('dialog [role="status"]').textContent).toMatch(/eingerichtet/))
  })

  it('asks a connected user only, where it is for them alone', async () => {
    const element = showElement('scope-picker=connected, scopes=read_user')
    await isIdle()
    await user.click(find('[data-keywell-button]'))
    await until(() => expect(element.state.name).toBe('waiting'))
    expect(standIn.flowRequests).toMatchObject([{ scopes: ['read_user'] }])
  })

  it('refuses a picker for keys, whose user ticks the scopes at the provider', () => {
    const element = document.createElement('keywell-connect')
    element.setAttribute('provider', 'gitlab')
    element.setAttribute('scope-picker', '')
    element.setAttribute('method', 'key')
    document.body.append(element)
    expect(() => element.start()).toThrow('Name the scopes of the key')
  })
})
