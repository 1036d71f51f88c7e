import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, it, vi } from 'vitest'
import { ConnectButton } from './connect-button.tsx'
import { KeywellProvider } from './provider.tsx'
import { createStandIn, makeConnection } from './testing/stand-in.ts'

afterEach(cleanup)

it('hydrates what the server rendered, without a word of complaint', async () => {
  const complaint = vi.spyOn(console, 'error')
  const standIn = createStandIn()
  standIn.connections = [makeConnection()]
  const page = (
    <KeywellProvider window={standIn.browser.window}>
      <ConnectButton provider="gitlab" />
    </KeywellProvider>
  )
  const container = document.createElement('div')
  container.innerHTML = renderToString(page)
  document.body.append(container)
  const before = container.querySelector('button')
  await act(async () => render(page, { container, hydrate: true }))
  await waitFor(() => expect(screen.getByRole('button').dataset.state).toBe('connected'))
  expect(screen.getByRole('button')).toBe(before)
  expect(complaint).not.toHaveBeenCalled()
})
