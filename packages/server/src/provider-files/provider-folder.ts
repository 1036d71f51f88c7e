import { join } from 'node:path'
import { type DefinitionProblem, type DefinitionRead, isTenantsOwn } from '@keywell/providers'
import type { OpenCatalogue } from '../catalogue.ts'
import { type After, createLoop } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import { listProvidersInUse } from '../store/providers-in-use.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { listFiles, readFile } from './files.ts'
import { type KnownFile, observe } from './observe.ts'
import { type LiveDefinition, type LiveDefinitions, settle } from './settle.ts'

/** How often the folder is looked at, in milliseconds: a change is in force after two looks, within 2 s. */
const lookEveryMs = 500
/** How many looks pass until a definition is looked at again whose file is gone. */
const keptLooks = 60
/** Problems of one file that a failed start tells, so that each file has its turn. */
const maxTold = 3
/** Problems of one file that are logged. */
const maxLogged = 10

interface FolderParts {
  folder: string
  catalogue: OpenCatalogue
  database: Database
  logger: Logger
  after: After
}

/**
 * Definitions of an operator, a file each. The folder is polled: that works on every file system, those of a network
 * and mounts of an orchestrator among them, where notifications do not come.
 */
export class ProviderFolder {
  readonly #parts: FolderParts
  readonly #looking: ReturnType<typeof createLoop>
  #files: ReadonlyMap<string, KnownFile> = new Map()
  #live: LiveDefinitions = new Map()
  /** Names of which the file is gone, and which something needs. */
  #kept: ReadonlySet<string> = new Set()
  /** What was logged of each file. */
  #logged: ReadonlyMap<string, string> = new Map()
  #isUnreadable = false
  /** Looks until what is kept, or could not be settled, is settled again. */
  #settleIn = Number.POSITIVE_INFINITY

  constructor(parts: FolderParts) {
    this.#parts = parts
    this.#looking = createLoop(() => this.#look(), lookEveryMs, parts.after)
  }

  /** @throws Error that names each file that is refused, with the place and the reason */
  async load(): Promise<void> {
    const { folder, catalogue } = this.#parts
    const found = await listFiles(folder).catch((error: unknown) => {
      throw new Error(`The folder of providers ${folder} cannot be read: ${String(error)}`)
    })
    const files = new Map<string, KnownFile>()
    for (const [name, signature] of found) {
      files.set(name, { signature, state: 'read', read: await readFile(join(folder, name)) })
    }
    const { live, refused } = settle(new Map(), readsOf(files))
    if (refused.size > 0) throw new Error(refusalOf(folder, refused))
    this.#files = files
    this.#live = live
    catalogue.replace('file', definitionsOf(live))
  }

  /** Follows the folder from now on; after `load`. */
  async watch(): Promise<void> {
    this.#looking.start()
    await this.#reportUndefined()
  }

  async stop(): Promise<void> {
    await this.#looking.stop()
  }

  /** Connections of a provider that nothing defines can be neither renewed nor read. */
  async #reportUndefined(): Promise<void> {
    const { catalogue, database, logger } = this.#parts
    for (const provider of await listProvidersInUse(database.of(everyTenant))) {
      // A tenant's own is not removed while something needs it.
      if (isTenantsOwn({ name: provider }) || catalogue.find(installation, provider)) continue
      logger.error({ alarm: 'provider_undefined', provider }, 'provider not defined')
    }
  }

  async #look(): Promise<void> {
    const { folder, logger } = this.#parts
    try {
      const { files, toRead, isFewer } = observe(this.#files, await listFiles(folder))
      this.#isUnreadable = false
      this.#files = await this.#readAll(files, toRead)
      this.#settleIn -= 1
      if (toRead.length > 0 || isFewer || this.#settleIn <= 0) await this.#settle()
    } catch (error) {
      // What is in force stays. One line, until the folder can be read again.
      if (!this.#isUnreadable) {
        logger.warn({ folder, reason: String(error) }, 'provider folder unreadable')
      }
      this.#isUnreadable = true
    }
  }

  async #readAll(
    files: ReadonlyMap<string, KnownFile>,
    toRead: readonly string[],
  ): Promise<ReadonlyMap<string, KnownFile>> {
    const all = new Map(files)
    for (const name of toRead) {
      const read = await readFile(join(this.#parts.folder, name))
      all.set(name, { signature: files.get(name)?.signature ?? '', state: 'read', read })
    }
    return all
  }

  async #settle(): Promise<void> {
    const { live, refused } = settle(this.#live, readsOf(this.#files))
    this.#logRefused(refused)
    const { kept, gone } = await this.#parted(live)
    const next = new Map([...live, ...kept])
    this.#logChanges(next, new Set(kept.keys()), gone)
    this.#settleIn = kept.size > 0 ? keptLooks : Number.POSITIVE_INFINITY
    this.#kept = new Set(kept.keys())
    this.#live = next
    this.#parts.catalogue.replace('file', definitionsOf(next))
  }

  /** Those that no file defines any more: what nothing needs goes, and what something needs is kept. */
  async #parted(
    live: LiveDefinitions,
  ): Promise<{ kept: Map<string, LiveDefinition>; gone: Map<string, LiveDefinition> }> {
    const { catalogue, database } = this.#parts
    const missing = [...this.#live].filter(([name]) => !live.has(name))
    const kept = new Map<string, LiveDefinition>()
    const gone = new Map<string, LiveDefinition>()
    if (missing.length === 0) return { kept, gone }
    // Without a database nothing is known of it, so everything is kept until the next time.
    const used = await listProvidersInUse(database.of(everyTenant)).catch(() => undefined)
    for (const [name, definition] of missing) {
      const isNeeded = !catalogue.isDefinedWithout('file', name) && (used?.includes(name) ?? true)
      const where = isNeeded ? kept : gone
      where.set(name, definition)
    }
    return { kept, gone }
  }

  #logRefused(refused: ReadonlyMap<string, readonly DefinitionProblem[]>): void {
    const logged = new Map<string, string>()
    for (const [file, problems] of refused) {
      const text = `${this.#files.get(file)?.signature} ${JSON.stringify(problems)}`
      logged.set(file, text)
      if (this.#logged.get(file) === text) continue
      for (const { pointer, reason } of problems.slice(0, maxLogged)) {
        this.#parts.logger.error(
          { alarm: 'provider_file_refused', file, pointer, reason },
          'provider file refused',
        )
      }
    }
    this.#logged = logged
  }

  #logChanges(next: LiveDefinitions, kept: ReadonlySet<string>, gone: LiveDefinitions): void {
    const { logger } = this.#parts
    for (const [provider, { definition, file }] of next) {
      const before = this.#live.get(provider)
      if (kept.has(provider) && !this.#kept.has(provider)) {
        logger.warn({ provider, file }, 'provider definition kept')
      }
      if (JSON.stringify(before?.definition) !== JSON.stringify(definition)) {
        logger.info({ provider, file }, 'provider definition loaded')
      }
    }
    for (const [provider, { file }] of gone) {
      logger.info({ provider, file }, 'provider definition removed')
    }
  }
}

/** What is known of each file; one that was not read yet says nothing. */
function readsOf(files: ReadonlyMap<string, KnownFile>): Map<string, DefinitionRead> {
  const reads = new Map<string, DefinitionRead>()
  for (const [name, { read }] of files) if (read !== undefined) reads.set(name, read)
  return reads
}

function definitionsOf(live: LiveDefinitions): LiveDefinition['definition'][] {
  const definitions = [...live.values()].map(({ definition }) => definition)
  return definitions.sort((one, other) => (one.name < other.name ? -1 : 1))
}

function refusalOf(
  folder: string,
  refused: ReadonlyMap<string, readonly DefinitionProblem[]>,
): string {
  const all = [...refused].flatMap(([file, problems]) =>
    problems
      .slice(0, maxTold)
      .map(({ pointer, reason }) =>
        [file, pointer, reason].filter((part) => part !== '').join(': '),
      ),
  )
  const more = all.length > maxLogged ? [`and ${all.length - maxLogged} more`] : []
  const said = [...all.slice(0, maxLogged), ...more].join('; ')
  return `The folder of providers ${folder} has a definition that is not right. ${said}`
}
