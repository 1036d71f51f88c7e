import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import type { ReactElement } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { ConnectButton } from './connect-button.tsx'
import { ConnectionStatus } from './connection-status.tsx'
import { ConnectionsManager } from './connections-manager.tsx'
import { KeywellProvider } from './provider.tsx'
import { ScopePicker } from './scope-picker.tsx'
import { createStandIn, makeConnection, makeProvider } from './testing/stand-in.ts'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const checkedAt = '2026-01-01T12:00:00.000Z'
const connection = makeConnection({ health: { status: 'ok', reason: null, checkedAt } })

/** A page whose user has one connection, as a server rendered it and then as a browser takes it over. */
async function hydrate(component: ReactElement, meanwhile = () => {}) {
  const complaint = vi.spyOn(console, 'error')
  const standIn = createStandIn()
  standIn.connections = [connection]
  standIn.providers = [
    {
      ...makeProvider('gitlab', 'GitLab'),
      hosts: ['https://gitlab.com'],
      scopeGroups: [{ name: 'api', title: 'Everything' }],
      scopes: [
        {
          name: 'read_api',
          sentence: 'Reads.',
          risk: 'low',
          implies: [],
          group: 'api',
          required: false,
        },
      ],
    },
  ]
  const page = <KeywellProvider window={standIn.browser.window}>{component}</KeywellProvider>
  const container = document.createElement('div')
  container.innerHTML = renderToString(page)
  document.body.append(container)
  const root = container.firstElementChild
  const served = container.textContent
  meanwhile()
  await act(async () => render(page, { container, hydrate: true }))
  expect(container.firstElementChild).toBe(root)
  return { served, expectNoComplaint: () => expect(complaint).not.toHaveBeenCalled() }
}

verifies.suite('connect:hydration', () => {
  it('takes over a button', async () => {
    const { expectNoComplaint } = await hydrate(<ConnectButton provider="gitlab" />)
    await waitFor(() => expect(screen.getByRole('button').dataset.state).toBe('connected'))
    expectNoComplaint()
  })

  it('takes over a list of accounts that was not read yet', async () => {
    const { served, expectNoComplaint } = await hydrate(<ConnectionsManager />)
    expect(served).toBe('Connected accounts')
    await screen.findByText('Ada Lovelace', undefined, { timeout: 15_000 })
    await screen.findByRole('button', { name: 'Add another GitLab account' })
    expectNoComplaint()
  })

  it('takes over a picker that was not read yet', async () => {
    const { expectNoComplaint } = await hydrate(<ScopePicker provider="gitlab" />)
    await screen.findByRole('checkbox', undefined, { timeout: 15_000 })
    expectNoComplaint()
  })

  describe('takes over the state of a connection', () => {
    it('and says by the browser’s clock how long ago it was checked, however old the page is', async () => {
      const now = vi.spyOn(Date, 'now').mockReturnValue(Date.parse(checkedAt) + 60_000)
      const later = () => now.mockReturnValue(Date.parse(checkedAt) + 3 * 60 * 60_000)
      const { served, expectNoComplaint } = await hydrate(
        <ConnectionStatus connection={connection} />,
        later,
      )
      expect(served).toBe('Connected Checked January 1, 2026')
      const status = document.querySelector('[data-keywell-health]')
      await waitFor(() => expect(status?.textContent).toBe('Connected Checked 3 hours ago'))
      expect(status?.querySelector('time')?.title).toContain('2026')
      expectNoComplaint()
    })
  })
})
