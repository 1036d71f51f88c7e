/** The hooks against the real service, behind an app with the SDK's `connectHandler`. */
import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { KeywellProvider } from './provider.tsx'
import { type App, openApp } from './testing/app.ts'
import { useConnection, useConnections } from './use-connections.ts'
import { useLiveConnections } from './use-live-connections.ts'

let app: App

beforeEach(() => {
  app = openApp(inject('app'))
})

afterEach(() => {
  cleanup()
  expect(app.browser.faults).toEqual([])
})

function wrapper({ children }: { children: ReactNode }): ReactNode {
  return <KeywellProvider window={app.browser.window}>{children}</KeywellProvider>
}

const until = (check: () => void) => waitFor(check, { timeout: 15_000 })

describe('useConnection', () => {
  it('finds the connection of a provider, by name', async () => {
    const own = await app.addConnection()
    const work = await app.addConnection({ connectionName: 'work' })
    const { result } = renderHook(
      () => [useConnection('gitlab'), useConnection('gitlab', { connectionName: 'work' })] as const,
      { wrapper },
    )
    expect(result.current[0]).toMatchObject({ status: 'loading', connection: undefined })
    await until(() => expect(result.current[0].status).toBe('ready'))
    expect(result.current.map(({ connection }) => connection?.id)).toEqual([own.id, work.id])
    expect(app.browser.calls).toEqual(['GET /api/keywell/connections'])
  })

  it('disconnects and reads again', async () => {
    const { id } = await app.addConnection()
    const { result } = renderHook(() => useConnection('gitlab'), { wrapper })
    await until(() => expect(result.current.connection?.id).toBe(id))
    const answer = await act(() => result.current.disconnect())
    expect(answer).toMatchObject({ connection: { id }, upstream: 'manual' })
    expect(result.current.connection).toBeUndefined()
    expect(await act(() => result.current.disconnect())).toBeUndefined()
    await app.addConnection()
    await act(() => result.current.refresh())
    expect(result.current.connection).toBeDefined()
  })

  it('shows a failure, and the next read recovers', async () => {
    app.browser.failures.set('GET', 'unavailable')
    const { result } = renderHook(() => useConnection('gitlab'), { wrapper })
    await until(() => expect(result.current.status).toBe('error'))
    expect(result.current.error).toMatchObject({ code: 'unavailable', retryable: true })
    app.browser.failures.clear()
    await act(() => result.current.refresh())
    expect(result.current).toMatchObject({ status: 'ready', error: null })
  })
})

describe('useConnections', () => {
  it('lists all, and disconnects one', async () => {
    const one = await app.addConnection()
    const two = await app.addConnection({ connectionName: 'work' })
    const { result } = renderHook(() => useConnections(), { wrapper })
    const ids = () => result.current.connections.map(({ id }) => id)
    await until(() => expect(ids()).toEqual([one.id, two.id]))
    await act(() => result.current.disconnect(one.id))
    expect(ids()).toEqual([two.id])
  })

  it('renders nothing again when a refresh brings nothing new', async () => {
    await app.addConnection()
    let renders = 0
    const { result } = renderHook(
      () => {
        renders += 1
        return useConnections()
      },
      { wrapper },
    )
    await until(() => expect(result.current.status).toBe('ready'))
    const before = renders
    await act(() => result.current.refresh())
    expect(renders).toBe(before)
  })
})

describe('useLiveConnections', () => {
  it('shows what was connected and withdrawn elsewhere, and leaves nothing open', async () => {
    const { result, unmount } = renderHook(() => useLiveConnections(), { wrapper })
    await until(() => expect(app.browser.openStreams).toBe(1))
    const { id } = await app.addConnection()
    await until(() => expect(result.current.connections).toMatchObject([{ id, status: 'active' }]))
    unmount()
    await until(() => expect(app.browser.openStreams).toBe(0))
  })
})
