import type { InstallationMethod, ProviderAccount } from '@keywell/protocol'
import {
  addressOf,
  isTenantsOwn,
  type ProviderAnswer,
  readAccount,
  readFirst,
} from '@keywell/providers'

import type { Outbound } from '../outbound/outbound.ts'
import { readAnswer } from './account.ts'
import type { Registration, Sending } from './client.ts'
import { type InstallationDetails, readDetails } from './installation-details.ts'
import { cleanAccount } from './outside-text.ts'
import { reasonOf, refusedBy } from './provider-refusal.ts'
import { headersOf } from './send.ts'
import type { SentTokens } from './token-set.ts'

/** Pages of a list that are read at most. */
const maxPages = 20

/** An installation, as the list of its user has it. */
export interface ListedInstallation {
  account: ProviderAccount
  details: InstallationDetails
}

/**
 * The installation with that id, if its user's own list has it: only then they may name it.
 *
 * @param list with their token
 * @throws KeywellError `provider_error` when the provider does not say
 */
export async function findInstallation(
  outbound: Outbound,
  list: {
    app: Registration
    method: InstallationMethod
    tokens: SentTokens
    sending: Sending
  },
  id: string,
): Promise<ListedInstallation | undefined> {
  const { pages, items, id: at } = list.method.install.list
  const last = pages === undefined ? 1 : maxPages
  for (let page = 1; page <= last; page += 1) {
    const found = itemsIn(list, await ask(outbound, list, page), items)
    const item = found.find((each) => isId(readFirst(each, at), id))
    if (item !== undefined) return readItem(list, item)
    if (found.length < (pages?.size ?? 1)) return undefined
  }
  return undefined
}

type List = Parameters<typeof findInstallation>[1]

async function ask(
  outbound: Outbound,
  { app, method, tokens, sending }: List,
  page: number,
): Promise<ProviderAnswer> {
  const { request, pages } = method.install.list
  const url = addressOf(request.url, app.variables)
  if (pages !== undefined) url.searchParams.set(pages.parameter, String(page))
  // The token is the user's, so that it is sent as their own method says.
  const secrets = headersOf(app.method, { token: tokens.accessToken })
  try {
    const response = await outbound.fetch(url, {
      ...sending,
      isOwn: isTenantsOwn(app.provider),
      within: { reach: tokens.reach, side: 'api' },
      method: request.method,
      headers: {
        accept: 'application/json',
        ...request.headers,
        ...Object.fromEntries(secrets.map(({ name, value }) => [name, value])),
      },
    })
    return await readAnswer(response)
  } catch (cause) {
    throw refusedBy(app.provider.title, reasonOf(undefined), { cause })
  }
}

function itemsIn({ app }: List, answer: ProviderAnswer, at: string): readonly unknown[] {
  const items: unknown = answer.status === 200 ? readFirst(answer.body, [at]) : undefined
  if (Array.isArray(items)) return items
  throw refusedBy(app.provider.title, reasonOf(answer), { detail: `status ${answer.status}` })
}

function isId(value: unknown, id: string): boolean {
  const isOne = typeof value === 'string' || Number.isSafeInteger(value)
  return isOne && String(value) === id
}

function readItem({ app, method }: List, item: unknown): ListedInstallation {
  const { list } = method.install
  const read = readAccount(list.account, item)
  const account = read && cleanAccount(read)
  if (account === undefined) throw refusedBy(app.provider.title, 'answer_unusable')
  return { account, details: readDetails(list, item) }
}
