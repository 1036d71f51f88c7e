import { cleanup, renderHook, waitFor } from '@testing-library/react'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, it } from 'vitest'
import { latePart } from './late-part.ts'

afterEach(cleanup)

it('is there after it was fetched, and at once the next time', async () => {
  const usePart = latePart(async () => 'the part')
  const { result, unmount } = renderHook(usePart)
  expect(result.current).toBeUndefined()
  await waitFor(() => expect(result.current).toBe('the part'))
  unmount()
  const seen: unknown[] = []
  renderHook(() => seen.push(usePart()))
  expect(new Set(seen)).toEqual(new Set(['the part']))
})

it('is null where it cannot be fetched, and is fetched again when it is shown again', async () => {
  let isOffline = true
  const usePart = latePart(async () => {
    if (isOffline) throw new TypeError('Failed to fetch dynamically imported module')
    return 'the part'
  })
  const { result, unmount } = renderHook(usePart)
  await waitFor(() => expect(result.current).toBeNull())
  unmount()
  isOffline = false
  const { result: again } = renderHook(usePart)
  await waitFor(() => expect(again.current).toBe('the part'))
})

it('is not fetched on a server', () => {
  renderToString(<Page />)
  expect(fetched).toBe(0)
})

let fetched = 0
const useCounted = latePart(async () => {
  fetched += 1
  return fetched
})

function Page() {
  return <p>{useCounted()}</p>
}
