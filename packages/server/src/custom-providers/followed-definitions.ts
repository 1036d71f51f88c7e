import type { Change, ProviderDefinition } from '@keywell/protocol'
import type { OpenCatalogue } from '../catalogue.ts'
import { type After, createLoop, type Loop } from '../clock.ts'
import {
  type DefinitionMacs,
  decodeDefinition,
  isIntact,
} from '../definition-versions/stored-definition.ts'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Logger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import {
  type DefinitionVersion,
  listDefinitionOwners,
  listDefinitionsInForce,
} from '../store/provider-versions.ts'
import { everyTenant, installation } from '../store/scope.ts'

/** How often what could not be read is tried again, in milliseconds. */
const retryEveryMs = 500
/** How often everything is read again, although the change log names nothing, in milliseconds. */
const wholeEveryMs = 300_000
/** Owners of one statement. */
const pageOwners = 100

interface FollowedParts {
  catalogue: OpenCatalogue
  database: Database
  peppers: Pick<Peppers<DefinitionMacs>, 'find'>
  logger: Logger
  after: After
}

/**
 * Holds the definitions of the API in the catalogue of this process. The change log names the owners whose definitions
 * changed. What a failure, or a log that was set back, leaves out is read a little later.
 */
export class FollowedDefinitions {
  readonly #parts: FollowedParts
  readonly #retrying: Loop
  readonly #rereading: Loop
  /** Owners with definitions in the catalogue. */
  readonly #known = new Set<string>()
  /** Owners to be read again. */
  readonly #due = new Set<string>()
  #reading = Promise.resolve()

  constructor(parts: FollowedParts) {
    this.#parts = parts
    this.#retrying = createLoop(() => this.#readDue(), retryEveryMs, parts.after)
    this.#rereading = createLoop(() => this.#reread(), wholeEveryMs, parts.after)
  }

  /** Reads all of them, and follows them from now on. Called when the change log is read already, so that none is missed. */
  async start(): Promise<void> {
    await this.#loadAll()
    this.#retrying.start()
    this.#rereading.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#retrying.stop(), this.#rereading.stop(), this.#reading])
  }

  /** For each change of the log. */
  readonly changed = ({ kind, tenantId }: Pick<Change, 'kind' | 'tenantId'>): void => {
    if (kind !== 'providers') return
    this.#due.add(tenantId)
    this.#reading = this.#reading.then(() => this.#readDue())
  }

  /** What this process has just written is in force here before its caller is answered. */
  async refresh(owner: string): Promise<void> {
    this.#due.add(owner)
    this.#reading = this.#reading.then(() => this.#readDue())
    await this.#reading
  }

  async #reread(): Promise<void> {
    await this.#loadAll().catch((error: unknown) => this.#failed(error))
  }

  async #loadAll(): Promise<void> {
    const owners = await listDefinitionOwners(this.#parts.database.of(everyTenant))
    const all = [...new Set([...owners, ...this.#known])]
    for (let at = 0; at < all.length; at += pageOwners) {
      await this.#read(all.slice(at, at + pageOwners))
    }
  }

  async #readDue(): Promise<void> {
    const owners = [...this.#due].slice(0, pageOwners)
    if (owners.length === 0) return
    // Due again from here on is what changes while it is read.
    for (const owner of owners) this.#due.delete(owner)
    try {
      await this.#read(owners)
    } catch (error) {
      for (const owner of owners) this.#due.add(owner)
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#parts.logger.warn({ reason: String(error) }, 'provider definitions unreadable')
  }

  async #read(owners: readonly string[]): Promise<void> {
    const { catalogue, database } = this.#parts
    const rows = await listDefinitionsInForce(database.of(owners), owners)
    for (const owner of owners) {
      const definitions: ProviderDefinition[] = []
      for (const row of rows.filter((each) => each.owner === owner)) {
        const definition = await this.#open(row)
        if (definition !== undefined) definitions.push(definition)
      }
      if (owner === installation) catalogue.replace('api', definitions)
      else catalogue.replaceOwn(owner, definitions)
      if (definitions.length > 0) this.#known.add(owner)
      else this.#known.delete(owner)
    }
  }

  /** Undefined: it is not used, and the log says why. */
  async #open(row: DefinitionVersion): Promise<ProviderDefinition | undefined> {
    const { peppers, logger } = this.#parts
    const of = { ...(row.owner !== installation && { tenantId: row.owner }), provider: row.name }
    if (!isIntact(row, await peppers.find(row.pepperVersion))) {
      logger.error({ alarm: 'provider_definition_altered', ...of }, 'provider definition altered')
      return undefined
    }
    const read = decodeDefinition(row)
    if ('definition' in read) return read.definition
    const [{ pointer, reason } = { pointer: '', reason: '' }] = read.problems
    const alarm = 'provider_definition_refused'
    logger.error({ alarm, ...of, pointer, reason }, 'provider definition refused')
    return undefined
  }
}
