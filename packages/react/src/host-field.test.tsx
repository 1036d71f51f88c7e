/** The field against the real service, behind an app with the SDK's `connectHandler`. */
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { createRef, type FormEvent } from 'react'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { HostField, type HostFieldProps } from './host-field.tsx'
import { KeywellProvider } from './provider.tsx'
import { type App, openApp } from './testing/app.ts'

const { providerUrl } = inject('app')
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

function show(props: Partial<HostFieldProps> = {}) {
  return render(
    <KeywellProvider window={app.browser.window}>
      <HostField provider="gitlab" {...props} />
    </KeywellProvider>,
  )
}

const field = () => screen.getByLabelText<HTMLInputElement>('Address of your GitLab')
const state = () => document.querySelector<HTMLElement>('[data-keywell-host-field]')?.dataset.state
const reaches = (name: string) => waitFor(() => expect(state()).toBe(name), { timeout: 10_000 })
const note = () =>
  document.getElementById(field().getAttribute('aria-describedby') ?? '')?.textContent
const checks = () => app.browser.calls.filter((call) => call.endsWith('/connect/hosts'))

describe('HostField', () => {
  verifies('hosts:field', async () => {
    const [onHost, onCheck, onSubmit] = [
      vi.fn(),
      vi.fn(),
      vi.fn((event: FormEvent) => event.preventDefault()),
    ]
    const ref = createRef<HTMLInputElement>()
    render(
      <KeywellProvider window={app.browser.window}>
        <form onSubmit={onSubmit}>
          <HostField provider="gitlab" ref={ref} name="address" onHost={onHost} onCheck={onCheck} />
        </form>
      </KeywellProvider>,
    )
    expect(ref.current).toBe(field())
    expect(field().name).toBe('address')
    expect(note()).toMatch(/project/)
    await user.type(field(), `${providerUrl}/ada/webshop/-/issues{Enter}`)
    await reaches('ready')
    expect(onSubmit).not.toHaveBeenCalled()
    expect(field().value).toBe(providerUrl)
    expect(field().hasAttribute('aria-invalid')).toBe(false)
    expect(note()).toBe('GitLab was found there, and can be connected.')
    expect(screen.getByRole('status').textContent).toBe(note())
    expect(onHost.mock.calls).toEqual([[providerUrl]])
    expect(onCheck.mock.calls[0]?.[0]).toMatchObject({
      status: 'ready',
      methods: ['oauth', 'personal_access_token'],
    })
    // Another letter, and it is not known any more.
    await user.type(field(), 'x')
    expect(state()).toBe('idle')
    expect(onHost.mock.calls.at(-1)).toEqual([null])
  })

  it('says what an administrator has to register, in words and to be copied', async () => {
    const onHost = vi.fn()
    show({ onHost, method: 'oauth' })
    await user.type(field(), 'gitlab.com/group/project')
    await user.click(screen.getByRole('button', { name: 'Check' }))
    await reaches('notRegistered')
    expect(field().value).toBe('https://gitlab.com')
    expect(note()).toMatch(/not set up here/)
    const link = screen.getByRole('link')
    expect(link.getAttribute('href')).toBe('https://gitlab.com/-/user_settings/applications')
    expect(screen.getByText('Scopes').nextElementSibling?.textContent).toBe('read_api')
    expect(onHost).not.toHaveBeenCalled()
  })

  it('is ready for a key where no app is registered', async () => {
    show({ method: 'key', defaultValue: 'gitlab.com' })
    await user.click(screen.getByRole('button', { name: 'Check' }))
    await reaches('ready')
  })

  it('says that an address is wrong, at the field', async () => {
    show()
    await user.type(field(), 'https://10.0.0.1{Enter}')
    await reaches('unreachable')
    expect(field().getAttribute('aria-invalid')).toBe('true')
    expect(note()).toMatch(/cannot be reached/)
    await user.clear(field())
    expect(field().hasAttribute('aria-invalid')).toBe(false)
    await user.type(
      field(),
      `${new URL(providerUrl).origin.replace('localhost', '127.0.0.1')}{Enter}`,
    )
    await reaches('unreachable')
    await user.clear(field())
    await user.type(field(), 'no address at all{Enter}')
    await reaches('notAllowed')
  })

  it('asks nothing for an empty field, and once while it waits', async () => {
    show()
    await user.type(field(), '  {Enter}')
    expect(checks()).toEqual([])
    await user.clear(field())
    await user.type(field(), `${providerUrl}{Enter}{Enter}{Enter}`)
    await reaches('ready')
    expect(checks()).toHaveLength(1)
  })

  it('says that the service was away, and can be asked again', async () => {
    show({ defaultValue: providerUrl })
    app.browser.failures.set('POST ', 'network')
    await user.click(screen.getByRole('button', { name: 'Check' }))
    await reaches('error')
    app.browser.failures.clear()
    await user.click(screen.getByRole('button', { name: 'Check' }))
    await reaches('ready')
  })

  it('has nothing that axe finds, in any state', async () => {
    const { container } = show({ method: 'oauth' })
    const rules = { region: { enabled: false }, 'color-contrast': { enabled: false } }
    const problems = async () => {
      const { violations } = await axe.run(container, { rules })
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)
    }
    expect(await problems()).toEqual([])
    for (const [text, name] of [
      [providerUrl, 'ready'],
      ['gitlab.com', 'notRegistered'],
      ['https://10.0.0.1', 'unreachable'],
    ] as const) {
      await user.clear(field())
      await user.type(field(), `${text}{Enter}`)
      await reaches(name)
      expect(await problems()).toEqual([])
    }
  })

  it('throws without a provider, and says how to write it', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => show({ provider: '' as 'gitlab' })).toThrow(/provider="gitlab"/)
  })
})
