import { act, cleanup, renderHook, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { KeywellProvider } from './provider.tsx'
import { useLazyDialog } from './use-lazy-dialog.ts'

afterEach(cleanup)

it('says in the live region that a dialog could not be fetched, and opens it once it can be', async () => {
  let isOffline = true
  const load = async () => {
    if (isOffline) throw new TypeError('Failed to fetch dynamically imported module')
    return 'dialog'
  }
  const wrapper = KeywellProvider
  const { result } = renderHook(() => useLazyDialog<string, string>(load), { wrapper })
  act(() => result.current.prefetch())
  act(() => result.current.open('account'))
  await waitFor(() => expect(result.current.isMissing).toBe(true))
  expect(result.current.opened).toBeUndefined()
  expect(screen.getByRole('status').textContent).toContain('did not load')

  isOffline = false
  act(() => result.current.open('account'))
  await waitFor(() => expect(result.current.isMissing).toBe(false))
  expect(result.current.opened).toEqual({ Dialog: 'dialog', subject: 'account' })
  act(() => result.current.close())
  expect(result.current.opened).toBeUndefined()
})

it('shows no failure of a fetch ahead of the click', async () => {
  const load = () => Promise.reject(new TypeError('Failed to fetch'))
  const wrapper = KeywellProvider
  const { result } = renderHook(() => useLazyDialog<string, string>(load), { wrapper })
  await act(async () => result.current.prefetch())
  expect(result.current.isMissing).toBe(false)
  expect(screen.getByRole('status').textContent).toBe('')
})
