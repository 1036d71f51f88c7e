import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeywellProvider } from './provider.tsx'
import { createStandIn, makeConnection, type StandIn } from './testing/stand-in.ts'
import { useConnection, useConnections } from './use-connections.ts'

let standIn: StandIn

beforeEach(() => {
  standIn = createStandIn()
})

afterEach(cleanup)

function wrapper({ children }: { children: ReactNode }): ReactNode {
  return <KeywellProvider window={standIn.window}>{children}</KeywellProvider>
}

describe('useConnection', () => {
  it('finds the connection of a provider, by name', async () => {
    const own = makeConnection()
    const work = makeConnection({ name: 'work' })
    standIn.connections = [own, work]
    const { result } = renderHook(
      () => [useConnection('gitlab'), useConnection('gitlab', { connectionName: 'work' })] as const,
      { wrapper },
    )
    expect(result.current[0]).toMatchObject({ status: 'loading', connection: undefined })
    await waitFor(() => expect(result.current[0].status).toBe('ready'))
    expect(result.current.map(({ connection }) => connection)).toEqual([own, work])
    expect(standIn.calls).toEqual(['GET /api/keywell/connections'])
  })

  it('disconnects and reads again', async () => {
    standIn.connections = [makeConnection()]
    const { result } = renderHook(() => useConnection('gitlab'), { wrapper })
    await waitFor(() => expect(result.current.connection).toBeDefined())
    const answer = await act(() => result.current.disconnect())
    expect(answer).toMatchObject({ upstream: 'revoked' })
    expect(result.current.connection).toBeUndefined()
    expect(await act(() => result.current.disconnect())).toBeUndefined()
    standIn.connections = [makeConnection()]
    await act(() => result.current.refresh())
    expect(result.current.connection).toBeDefined()
  })

  it('shows a failure, and the next read recovers', async () => {
    standIn.failures.set('GET', 'unavailable')
    const { result } = renderHook(() => useConnection('gitlab'), { wrapper })
    await waitFor(() => expect(result.current.status).toBe('error'))
    expect(result.current.error).toMatchObject({ code: 'unavailable', retryable: true })
    standIn.failures.clear()
    await act(() => result.current.refresh())
    expect(result.current).toMatchObject({ status: 'ready', error: null })
  })
})

describe('useConnections', () => {
  it('lists all, and disconnects one', async () => {
    const [one, two] = [makeConnection(), makeConnection({ provider: 'github' })]
    standIn.connections = [one, two]
    const { result } = renderHook(() => useConnections(), { wrapper })
    await waitFor(() => expect(result.current.connections).toEqual([one, two]))
    await act(() => result.current.disconnect(one.id))
    expect(result.current.connections).toEqual([two])
  })

  it('renders nothing again when a refresh brings nothing new', async () => {
    standIn.connections = [makeConnection()]
    let renders = 0
    const { result } = renderHook(
      () => {
        renders += 1
        return useConnections()
      },
      { wrapper },
    )
    await waitFor(() => expect(result.current.status).toBe('ready'))
    const before = renders
    await act(() => result.current.refresh())
    expect(renders).toBe(before)
  })
})
