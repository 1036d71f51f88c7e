import { useCallback, useEffect, useRef } from 'react'

/** A function that stays the same, and does what its newest version does. */
export function useEvent<Args extends unknown[]>(
  act: (...args: Args) => void,
): (...args: Args) => void {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  return useCallback((...args: Args) => latest.current(...args), [])
}
