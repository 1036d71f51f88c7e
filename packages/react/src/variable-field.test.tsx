/** The field against the real service, behind an app with the SDK's `connectHandler`, and choices at a stand-in. */
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { createRef, type FormEvent } from 'react'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { de } from './de.ts'
import { KeywellProvider, type KeywellProviderProps } from './provider.tsx'
import { type App, openApp } from './testing/app.ts'
import { showManager } from './testing/manager.test.support.tsx'
import { createStandIn, makeProvider } from './testing/stand-in.ts'
import { VariableField, type VariableFieldProps } from './variable-field.tsx'

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

function show(props: Partial<VariableFieldProps> = {}, provider: KeywellProviderProps = {}) {
  return render(
    <KeywellProvider window={app.browser.window} {...provider}>
      <VariableField provider="algolia" method="key" {...props} />
    </KeywellProvider>,
  )
}

const field = (label = 'Application ID at Algolia') =>
  screen.findByLabelText<HTMLInputElement>(label, undefined, { timeout: 10_000 })
const state = () => document.querySelector<HTMLElement>('[data-keywell-host-field]')?.dataset.state
const reaches = (name: string) => waitFor(() => expect(state()).toBe(name), { timeout: 10_000 })
const noteOf = ({ attributes }: HTMLElement) =>
  document.getElementById(attributes.getNamedItem('aria-describedby')?.value ?? '')?.textContent

async function expectAccessible(container: Element): Promise<void> {
  const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
  expect((await axe.run(container, { rules })).violations).toEqual([])
}

describe('VariableField', () => {
  verifies('hosts:word-field', async () => {
    const [onHost, onSubmit] = [vi.fn(), vi.fn((event: FormEvent) => event.preventDefault())]
    const ref = createRef<HTMLInputElement>()
    render(
      <KeywellProvider window={app.browser.window}>
        <form onSubmit={onSubmit}>
          <VariableField provider="algolia" method="key" ref={ref} name="app" onHost={onHost} />
        </form>
      </KeywellProvider>,
    )
    const input = await field()
    expect(ref.current).toBe(input)
    expect(input.name).toBe('app')
    expect(noteOf(input)).toBe('As in https://….algolia.net. The whole address will do, too.')
    // A whole address is cut down to the word.
    await user.type(input, 'https://abcdefghij-dsn.algolia.net/1/indexes{Enter}')
    await reaches('ready')
    expect(onSubmit).not.toHaveBeenCalled()
    expect(input.value).toBe('abcdefghij')
    expect(onHost.mock.calls).toEqual([['https://abcdefghij.algolia.net']])
    expect(noteOf(input)).toBe('Algolia can be connected there.')
    expect(screen.getByRole('status').textContent).toBe(noteOf(input))
    // Another letter, and it is not known any more; what is no word is wrong at the field.
    await user.type(input, 'x{Enter}')
    expect(onHost.mock.calls.at(-1)).toEqual([null])
    await reaches('notAllowed')
    expect(input.getAttribute('aria-invalid')).toBe('true')
    // As its person has written it.
    await user.clear(input)
    await user.type(input, 'ABCDEFGHIJ')
    await user.click(screen.getByRole('button', { name: 'Check' }))
    await reaches('ready')
    expect(input.value).toBe('ABCDEFGHIJ')
  })

  it('is in German', async () => {
    show({}, { messages: de })
    expect(noteOf(await field('Application ID bei Algolia'))).toMatch(/^Wie in https:/)
  })

  it('takes an address where the provider has instances, as HostField does', async () => {
    show({ provider: 'gitlab', method: 'oauth', defaultValue: inject('app').providerUrl })
    const input = await field('Address of your GitLab')
    await user.click(screen.getByRole('button', { name: 'Check' }))
    await reaches('ready')
    expect(input.value).toBe(inject('app').providerUrl)
  })

  it('has nothing that axe finds, in any state', async () => {
    const { container } = show()
    const input = await field()
    await expectAccessible(container)
    await user.type(input, 'no application{Enter}')
    await reaches('notAllowed')
    await expectAccessible(container)
    await user.clear(input)
    await user.type(input, 'abcdefghij{Enter}')
    await reaches('ready')
    await expectAccessible(container)
  })

  it('throws without a provider, and says how to write it', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => show({ provider: '' as 'algolia' })).toThrow(/provider="gitlab"/)
  })
})

describe('a provider at one of a few addresses', () => {
  const regions = {
    kind: 'choice' as const,
    title: 'Region',
    example: null,
    options: [
      { value: 'eu', title: 'Europe' },
      { value: 'us', title: 'America' },
    ],
  }

  function standInWithRegions() {
    const standIn = createStandIn()
    standIn.places = { 'acme-watch': regions }
    standIn.brands = { 'acme-watch': { title: 'Acme Watch', mark: null } }
    standIn.providers = [{ ...makeProvider('acme-watch', 'Acme Watch'), defaultHost: null }]
    return standIn
  }

  verifies('hosts:word-choice', async () => {
    const standIn = standInWithRegions()
    const onHost = vi.fn()
    const { container } = render(
      <KeywellProvider window={standIn.browser.window}>
        <VariableField provider="acme-watch" method="key" onHost={onHost} />
      </KeywellProvider>,
    )
    const select = await field('Region at Acme Watch')
    await expectAccessible(container)
    expect(screen.queryByRole('button', { name: 'Check' })).toBeNull()
    expect(screen.getAllByRole('option').map((option) => option.textContent)).toEqual([
      'Please choose',
      'Europe',
      'America',
    ])
    await user.selectOptions(select, 'America')
    await reaches('ready')
    expect(onHost.mock.calls).toEqual([['https://us.acme-watch.example']])
    expect(standIn.hostChecks).toEqual([{ provider: 'acme-watch', host: 'us', method: 'key' }])
    expect(select.value).toBe('us')
    await user.selectOptions(select, 'Please choose')
    expect(onHost.mock.calls.at(-1)).toEqual([null])
    expect(state()).toBe('idle')
    expect(standIn.browser.faults).toEqual([])
  })

  it('is asked for in the list of accounts, before its button is there', async () => {
    const standIn = standInWithRegions()
    showManager(standIn.browser)
    const select = await field('Region at Acme Watch')
    expect(screen.queryByRole('button', { name: 'Connect Acme Watch' })).toBeNull()
    await user.selectOptions(select, 'Europe')
    await user.click(await screen.findByRole('button', { name: 'Connect Acme Watch' }))
    await waitFor(() =>
      expect(standIn.flowRequests.at(-1)).toMatchObject({ host: 'https://eu.acme-watch.example' }),
    )
    expect(standIn.browser.faults).toEqual([])
  })
})
