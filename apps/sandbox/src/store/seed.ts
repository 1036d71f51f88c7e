import type { UserInput } from '../control/protocol.ts'
import { type Group, type Member, type Project, roles } from './projects.ts'
import type { Rows } from './repository.ts'
import { seedIssues } from './seed-issues.ts'
import { seedRepository } from './seed-repositories.ts'
import { seedWork } from './seed-work.ts'
import type { State, User } from './state.ts'
import { emptyTables, fillTables, readTables } from './tables.ts'

/** Every ready-made user signs in with this. It is printed on the sign-in page. */
export const sandboxPassword = 'sandbox'

const dayMs = 86_400_000

/** The default users. */
export const defaultUsers: readonly UserInput[] = [
  { username: 'ada', name: 'Ada Okafor' },
  { username: 'grace', name: 'Grace Lindqvist' },
  { username: 'lin', name: 'Lin Castellanos' },
]

/** A user with what was given, and the rest made up. */
export function newUser(id: number, input: UserInput): User {
  const { username, name = username, email = `${username}@example.test` } = input
  const password = input.password ?? sandboxPassword
  return { id, username, name, email, password, blocked: false, identityVerified: true }
}

interface ProjectSeed {
  id: number
  path: string
  name: string
  description: string
  visibility: Project['visibility']
  /** Indexes into the list of users, the owner first; those that don't exist are skipped. */
  members: number[]
  stars: number
  topics: string[]
  issues: string[]
}

const projects: readonly ProjectSeed[] = [
  {
    id: 501,
    path: 'lighthouse/webshop',
    name: 'Webshop',
    description: 'Storefront and checkout of lighthouse.example.',
    visibility: 'private',
    members: [0, 1],
    stars: 14,
    topics: ['typescript', 'checkout'],
    issues: [
      'Checkout button stays disabled after the address is corrected',
      'Prices flicker when the currency is switched',
      'Add Klarna to the list of payment methods',
      'Search finds nothing for words with an umlaut',
      'Product images have no alternative text',
      'Cart loses its items after signing in',
      'Move the session store off the web nodes',
      'Order confirmation arrives twice',
      'Show delivery dates for pre-orders',
      'Coupon field accepts expired coupons',
      'Category page takes four seconds on a phone',
      'Export of orders stops at 10,000 rows',
      'Upgrade the image pipeline',
      'Keyboard focus is lost when the basket opens',
      'Rate limit the newsletter form',
      'Refunds do not show in the account page',
      'Write a runbook for a failed payment provider',
      'Gift cards cannot be combined',
      'Stock shows -1 for bundles',
      'Remove the old tracking script',
      'Address book needs a default entry',
      'Test the checkout against a slow network',
      'Invoice footer shows the old company name',
      'Plan the autumn catalogue',
    ],
  },
  {
    id: 502,
    path: 'lighthouse/billing-service',
    name: 'Billing Service',
    description: 'Invoices, dunning and the ledger.',
    visibility: 'private',
    members: [0],
    stars: 3,
    topics: ['ledger'],
    issues: [
      'Rounding differs from the tax office by one cent',
      'Dunning letters ignore public holidays',
      'Add idempotency keys to the payout endpoint',
      'Ledger export fails for closed accounts',
      'Replace the hand-written date parser',
    ],
  },
  {
    id: 503,
    path: 'lighthouse/handbook',
    name: 'Handbook',
    description: 'How we work.',
    visibility: 'internal',
    members: [0, 1, 2],
    stars: 31,
    topics: ['documentation'],
    issues: [
      'Describe the on-call handover',
      'Holiday page lists last year’s dates',
      'Add a glossary for new colleagues',
    ],
  },
  {
    id: 504,
    path: 'ada/home-automation',
    name: 'Home Automation',
    description: 'Lights, blinds and far too many sensors.',
    visibility: 'private',
    members: [0],
    stars: 0,
    topics: ['hobby'],
    issues: ['Blinds close at noon', 'Sensor in the cellar reports 85 °C'],
  },
  {
    id: 505,
    path: 'lighthouse/mobile-app',
    name: 'Mobile App',
    description: 'The shop in your pocket.',
    visibility: 'private',
    members: [1, 2],
    stars: 8,
    topics: ['ios', 'android'],
    issues: [
      'Push messages open the wrong order',
      'Dark mode: price is unreadable on sale items',
      'Offline basket is merged twice',
      'Barcode scanner needs a torch button',
    ],
  },
  {
    id: 506,
    path: 'grace/field-notes',
    name: 'Field Notes',
    description: 'Birds, weather, and where I saw them.',
    visibility: 'private',
    members: [1],
    stars: 1,
    topics: [],
    issues: ['Map tiles are blank north of 60°', 'Import last year’s notebook'],
  },
]

/** Of each one its own: instances of one process share nothing. */
const untouched = () => ({ markedForDeletionOn: null, options: {} })

const harbour = 62

/** The first has the projects above, and no members of its own: it is seen by those who are in one of them. */
const groups: readonly Omit<Group, 'createdAt' | keyof ReturnType<typeof untouched>>[] = [
  {
    id: 61,
    path: 'lighthouse',
    name: 'Lighthouse',
    description: 'The shop by the sea.',
    visibility: 'private',
    parentId: null,
  },
  {
    id: harbour,
    path: 'harbour',
    name: 'Harbour',
    description: 'Where new things are tried.',
    visibility: 'private',
    parentId: null,
  },
  {
    id: 63,
    path: 'harbour/docks',
    name: 'Docks',
    description: '',
    visibility: 'private',
    parentId: harbour,
  },
]

/** A fresh instance: people, their projects and issues, no applications and no tokens. */
export function seedState(people: readonly UserInput[], now: number): State {
  const users = people.map((input, index) => newUser(101 + index, input))
  const rows = seedRows(users, now)
  return {
    version: 2,
    users,
    applications: [],
    codes: [],
    tokens: [],
    personalAccessTokens: [],
    sessions: [],
    rows: readTables(rows.tables),
    signingKey: null,
    lastId: rows.nextId(),
  }
}

/** The resources of the API. What gets a number here gets it from the same sequence as later. */
function seedRows(users: readonly User[], now: number): Rows {
  let lastId = 10_000
  const rows: Rows = {
    tables: emptyTables(),
    nextId: () => {
      lastId += 1
      return lastId
    },
  }
  fillTables(rows.tables, {
    groups: groups.map((group) => ({ ...group, createdAt: now - 500 * dayMs, ...untouched() })),
    projects: projects.map((project, index) => seedProject(project, users, now - index * dayMs)),
    members: seedMembers(users, now - 400 * dayMs),
    ...seedIssues(
      projects.map((project) => ({ ...project, members: memberIds(project.members, users) })),
      now,
    ),
  })
  for (const project of rows.tables.projects.values()) {
    const owner = users.find(({ id }) => id === project.creatorId)
    if (owner === undefined) continue
    seedRepository(rows, project, owner, now)
    seedWork(rows, project, owner.id, now)
  }
  return rows
}

function seedProject(seed: ProjectSeed, users: readonly User[], now: number): Project {
  const { issues: _, members, ...project } = seed
  return {
    ...project,
    namespace: seed.path.slice(0, seed.path.lastIndexOf('/')),
    creatorId: memberIds(members, users)[0] ?? null,
    defaultBranch: 'main',
    archived: false,
    starredBy: [],
    forkedFromId: null,
    createdAt: now - 400 * dayMs,
    activeAt: now,
    ...untouched(),
  }
}

/** The first of a list owns the place, the others have less and less of a role. */
const seedRoles = [roles.owner, roles.developer, roles.reporter] as const

function seedMembers(users: readonly User[], createdAt: number): Member[] {
  const ofProjects = projects.flatMap(({ id, members }) =>
    memberIds(members, users).map((userId, index) => ({
      of: 'project' as const,
      ofId: id,
      userId,
      accessLevel: seedRoles[index] ?? roles.guest,
    })),
  )
  const ofHarbour = memberIds([0, 1, 2], users).map((userId, index) => ({
    of: 'group' as const,
    ofId: harbour,
    userId,
    accessLevel: [roles.owner, roles.maintainer, roles.guest][index] ?? roles.guest,
  }))
  return [...ofProjects, ...ofHarbour].map((member, index) => ({
    id: 701 + index,
    ...member,
    createdById: null,
    createdAt,
    expiresOn: null,
  }))
}

function memberIds(indexes: readonly number[], users: readonly User[]): number[] {
  return indexes.flatMap((index) => users[index]?.id ?? [])
}
