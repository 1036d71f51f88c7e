import { LRUCache } from 'lru-cache'
import type { Place, PlaceMemory } from './ports.ts'

const maxPlaces = 10_000
/** A project that was moved out of where it is allowed is out of reach after that. */
const placeTtlMs = 5 * 60_000

/** One for all executions of a process. */
export function createPlaceMemory(): PlaceMemory {
  const places = new LRUCache<string, Place>({ max: maxPlaces, ttl: placeTtlMs })
  return {
    get: (key) => places.get(key),
    set: (key, place) => {
      places.set(key, place)
    },
  }
}
