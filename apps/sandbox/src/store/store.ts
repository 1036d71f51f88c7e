import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type {
  Application,
  Code,
  PersonalAccessToken,
  Session,
  State,
  Token,
  User,
} from './state.ts'
import { stateSchema } from './state.ts'
import { emptyTables, fillTables, readTables, type Tables } from './tables.ts'

/** Dead pairs beyond this many are forgotten, oldest first, so that a long load test stays small. */
const maxTokens = 100_000
const maxSessions = 1_000
const maxCodes = 10_000

/**
 * The sandbox's memory, with a data file behind it if one is named. Rows may be changed in place;
 * code that does so calls `touch()`, and `save()` writes before the answer is sent.
 */
export class Store {
  readonly users: Map<number, User> = new Map()
  readonly applications: Map<string, Application> = new Map()
  readonly codes: Map<string, Code> = new Map()
  readonly personalAccessTokens: Map<number, PersonalAccessToken> = new Map()
  readonly sessions: Map<string, Session> = new Map()
  /** The resources of the API, each table by id. */
  readonly tables: Tables = emptyTables()
  signingKey: Record<string, unknown> | null = null

  readonly #dataFile: string | undefined
  readonly #tokens = new Map<number, Token>()
  readonly #byAccess = new Map<string, Token>()
  readonly #byRefresh = new Map<string, Token>()
  #lastId = 0
  #changed = false

  /** Takes up the data file's state, or `initial()` where there is none. Throws if it is unreadable. */
  constructor(options: { dataFile?: string | undefined; initial: () => State }) {
    this.#dataFile = options.dataFile
    this.replace(readState(options.dataFile) ?? options.initial())
  }

  /** A property, so that it can be handed on by itself. */
  readonly nextId = (): number => {
    this.#lastId += 1
    return this.#lastId
  }

  userByName(username: string): User | undefined {
    return [...this.users.values()].find((user) => user.username === username)
  }

  tokens(): IterableIterator<Token> {
    return this.#tokens.values()
  }

  token(id: number | null): Token | undefined {
    return id === null ? undefined : this.#tokens.get(id)
  }

  byAccessToken(accessToken: string): Token | undefined {
    return this.#byAccess.get(accessToken)
  }

  byRefreshToken(refreshToken: string): Token | undefined {
    return this.#byRefresh.get(refreshToken)
  }

  addToken(token: Token): void {
    this.#index(token)
    if (this.#tokens.size > maxTokens) this.#forgetDeadTokens()
    this.touch()
  }

  /** Takes the refresh token from one pair and gives it to another. */
  moveRefreshToken(from: Token, to: Token): void {
    to.refreshToken = from.refreshToken
    from.refreshToken = null
    if (to.refreshToken !== null) this.#byRefresh.set(to.refreshToken, to)
    this.touch()
  }

  addCode(code: Code): void {
    this.codes.set(code.code, code)
    dropOldest(this.codes, maxCodes)
    this.touch()
  }

  addSession(session: Session): void {
    this.sessions.set(session.id, session)
    dropOldest(this.sessions, maxSessions)
    this.touch()
  }

  /** Removes an application with all its codes and tokens. */
  removeApplication(clientId: string): boolean {
    for (const code of this.codes.values()) {
      if (code.clientId === clientId) this.codes.delete(code.code)
    }
    for (const token of this.#tokens.values()) {
      if (token.clientId === clientId) this.#forget(token)
    }
    this.touch()
    return this.applications.delete(clientId)
  }

  replace(state: State): void {
    refill(this.users, state.users, (user) => user.id)
    refill(this.applications, state.applications, (application) => application.clientId)
    refill(this.codes, state.codes, (code) => code.code)
    refill(this.personalAccessTokens, state.personalAccessTokens, (token) => token.id)
    refill(this.sessions, state.sessions, (session) => session.id)
    fillTables(this.tables, state.rows)
    this.signingKey = state.signingKey
    this.#lastId = state.lastId
    for (const index of [this.#tokens, this.#byAccess, this.#byRefresh]) index.clear()
    for (const token of state.tokens) this.#index(token)
    this.touch()
  }

  touch(): void {
    this.#changed = true
  }

  /** Writes the data file if anything has changed: whole, and by a rename, so that it is never half. */
  save(): void {
    if (!this.#changed || this.#dataFile === undefined) return
    const draft = `${this.#dataFile}.${process.pid}.tmp`
    writeFileSync(draft, JSON.stringify(this.#state()), { mode: 0o600 })
    renameSync(draft, this.#dataFile)
    this.#changed = false
  }

  #state(): State {
    return {
      version: 2,
      users: [...this.users.values()],
      applications: [...this.applications.values()],
      codes: [...this.codes.values()],
      tokens: [...this.#tokens.values()],
      personalAccessTokens: [...this.personalAccessTokens.values()],
      sessions: [...this.sessions.values()],
      rows: readTables(this.tables),
      signingKey: this.signingKey,
      lastId: this.#lastId,
    }
  }

  #index(token: Token): void {
    this.#tokens.set(token.id, token)
    this.#byAccess.set(token.accessToken, token)
    if (token.refreshToken !== null) this.#byRefresh.set(token.refreshToken, token)
  }

  #forget(token: Token): void {
    this.#tokens.delete(token.id)
    this.#byAccess.delete(token.accessToken)
    if (token.refreshToken !== null) this.#byRefresh.delete(token.refreshToken)
  }

  #forgetDeadTokens(): void {
    // A tenth at once, so that the walk past the living is paid rarely.
    let surplus = maxTokens / 10
    for (const token of this.#tokens.values()) {
      if (surplus === 0) return
      if (token.revokedAt === null) continue
      this.#forget(token)
      surplus -= 1
    }
  }
}

function readState(dataFile: string | undefined): State | undefined {
  if (dataFile === undefined) return undefined
  try {
    return stateSchema.parse(JSON.parse(readFileSync(dataFile, 'utf8')))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new Error(`${dataFile} is not a data file of this sandbox; move it away to start anew`, {
      cause,
    })
  }
}

function refill<K, V>(map: Map<K, V>, rows: readonly V[], key: (row: V) => K): void {
  map.clear()
  for (const row of rows) map.set(key(row), row)
}

function dropOldest<K, V>(map: Map<K, V>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return
    map.delete(key)
  }
}
