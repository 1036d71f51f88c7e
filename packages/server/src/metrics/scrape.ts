import { collectDefaultMetrics, Registry } from 'prom-client'
import { addGauges, type GaugeSources } from './gauges.ts'

/** What `/metrics` answers. */
export interface Scrape {
  contentType: string
  text: string
}

export function createRegistry(): Registry {
  return new Registry()
}

/**
 * Answers everything that is measured, in the text format of Prometheus. Watching the process itself
 * (processor, memory, event loop, descriptors) begins with the first look: who never looks pays nothing.
 */
export function createScrape(registry: Registry, sources: GaugeSources): () => Promise<Scrape> {
  addGauges(registry, sources)
  let isWatched = false
  return async () => {
    if (!isWatched) collectDefaultMetrics({ register: registry })
    isWatched = true
    return { contentType: registry.contentType, text: await registry.metrics() }
  }
}
