/** Where each quirk of a provider (`apps/sandbox/src/quirks.ts`) is shown by its stand-in, and what proves that the service copes. */
import type { RequirementId } from './requirements.ts'

export interface Cell {
  /** The test of the stand-in that shows it: its file below `apps/sandbox/src`, and its name. */
  readonly shown: readonly [file: string, name: string]
  /** What of the service it decides; a sentence: nothing, and why. */
  readonly held: RequirementId | { readonly not: string }
}

/** By quirk, and by provider. */
export const matrix: Readonly<Record<string, Readonly<Record<string, Cell>>>> = {
  'refusal-in-200': {
    github: at(
      'github',
      'an error at the token endpoint comes with the status of a success',
      'providers:github-refusals',
    ),
  },
  'page-as-refusal': {
    'azure-devops': at(
      'azure-devops',
      'Azure DevOps answers a bad credential with a page to sign in: 203, 302, or 401 to a change',
      'providers:all-methods',
    ),
  },
  'dead-is-another-status': {
    gitlab: of(
      'oauth/inspect',
      'token/info of a dead token is 400 invalid_request: revoked, expired, unknown, a refresh token, none',
      'providers:all-methods',
    ),
    algolia: at(
      'algolia',
      'a dead key is a 403, whose body is like that of a wrong one',
      'providers:algolia',
    ),
  },
  'alive-but-refused': {
    gitlab: of(
      'api/rest',
      'a scope too few: 403 says which would do, without a challenge',
      'answers:401-alive',
    ),
    github: at(
      'github-api',
      'an organisation refuses a living token of an OAuth app, or one without single sign-on',
      'answers:401-alive',
    ),
    bitbucket: at(
      'bitbucket',
      'a token without the scope is refused with what it has and what it lacks',
      'answers:401-alive',
    ),
    buildkite: at(
      'buildkite',
      'a call without its scope is forbidden, and names it',
      'providers:buildkite',
    ),
    algolia: at(
      'algolia',
      'a call that the key has no permission for is a 403 too, with another text',
      'providers:algolia',
    ),
  },
  'dead-grant-by-another-word': {
    bitbucket: at('bitbucket', 'a dead refresh token is an invalid request', 'providers:bitbucket'),
  },
  'mistake-as-dead-grant': {
    bitbucket: at(
      'bitbucket',
      'a grant type that is not known is refused as a dead grant would be',
      { not: 'no other grant type is ever sent' },
    ),
  },
  'error-by-number': {
    'azure-devops': at(
      'microsoft',
      'errors say more by their number than by their code',
      'providers:azure-devops',
    ),
  },
  'sign-in-again': {
    'azure-devops': at(
      'microsoft',
      'each demand of an administrator has its own answer to a refresh, and ends with a sign-in',
      'providers:azure-devops',
    ),
  },
  'form-unless-asked': {
    github: at(
      'github',
      'the answer is a form, unless JSON or XML is asked for',
      'providers:all-methods',
    ),
  },
  'scopes-with-commas': {
    github: at(
      'github',
      'granted scopes are separated by commas, and hold none that another includes',
      'answers:separators',
    ),
  },
  'scopes-by-another-name': {
    bitbucket: at(
      'bitbucket',
      'before the changes of 2026 scopes come back as `scopes`, and a refresh token goes on',
      'providers:bitbucket-before',
    ),
  },
  'scopes-of-the-app': {
    bitbucket: at(
      'bitbucket',
      'the token endpoint answers with the scopes of the consumer, whatever was asked for',
      'providers:all-methods',
    ),
  },
  'scopes-at-refresh': {
    'azure-devops': at(
      'microsoft',
      'a token is for one resource, which the scope of a refresh picks',
      'providers:azure-devops',
    ),
  },
  'one-resource': {
    'azure-devops': at(
      'microsoft',
      'an exchange that names two resources is refused',
      'providers:azure-devops',
    ),
  },
  'refresh-token-on-demand': {
    'azure-devops': at(
      'microsoft',
      'without offline_access there is no refresh token',
      'providers:all-methods',
    ),
  },
  'no-end': {
    github: at('github', 'a GitHub App may let its tokens live for ever', 'providers:github-oauth'),
  },
  'used-token-is-dead': {
    gitlab: of('oauth/refresh', 'a refresh kills both old tokens at once', 'providers:all-methods'),
    github: at(
      'github',
      'a token of a GitHub App ends after 8 hours, its refresh token after 6 months and at its use',
      'providers:github-app-user',
    ),
  },
  'used-token-lives-on': {
    bitbucket: at(
      'bitbucket',
      'a refresh token works for ten minutes after its first use, and ends unused after three months',
      'providers:bitbucket',
    ),
    'azure-devops': at(
      'microsoft',
      'a refresh keeps the old refresh token alive, and ends after 90 days',
      'providers:all-methods',
    ),
  },
  'client-by-basic': {
    bitbucket: at(
      'bitbucket',
      'a wrong client is unauthorized, by HTTP Basic as in the body',
      'providers:all-methods',
    ),
  },
  'secret-ends': {
    'azure-devops': at(
      'microsoft',
      'a client secret ends, and everything ends with it until there is a new one',
      'R9:client-refused',
    ),
  },
  'long-tokens': {
    bitbucket: at('bitbucket', 'tokens are longer than 2,500 characters', 'providers:bitbucket'),
  },
  'hint-hides-token': {
    gitlab: of(
      'oauth/revoke',
      'a wrong hint hides the token, the right one does not',
      'providers:all-methods',
    ),
  },
  'own-withdrawal': {
    github: at(
      'github-api',
      'a token is ended by the basic credentials of its own app alone',
      'providers:github-oauth',
    ),
  },
  'consent-skipped': {
    github: at(
      'github',
      'consent is skipped for scopes that were authorised before',
      'T8:other-account',
    ),
  },
  'another-account': {
    github: at(
      'github',
      'the account that consents may be another than before',
      'T8:other-account',
    ),
  },
  'ten-tokens': {
    github: at('github', 'ten tokens of one scope set live, and the oldest dies of the eleventh', {
      not: 'one that died of it is found as any dead one is',
    }),
  },
  'ended-unannounced': {
    buildkite: at(
      'buildkite',
      'a token that Buildkite revoked after a leak is unknown without warning',
      'providers:buildkite',
    ),
  },
  'key-with-a-name': {
    bitbucket: at(
      'bitbucket',
      'an API token works with the address of its account alone, until it ends or is revoked',
      'providers:bitbucket-token',
    ),
  },
  'looks-at-itself': {
    buildkite: at(
      'buildkite',
      'an access token starts with bkua_, and looks at itself without a scope',
      'providers:buildkite',
    ),
  },
  'secret-in-address': {
    algolia: at(
      'algolia',
      'a key looks at itself alone and without its description; the admin key looks at all',
      { not: 'such an address is never called, since addresses are logged' },
    ),
  },
  'host-by-label': {
    algolia: at(
      'algolia',
      'a key is nothing at the host of another application',
      'providers:algolia',
    ),
  },
  'restricted-key': {
    algolia: at('algolia', 'restrictions make a good key fail, and the key shows them', {
      not: 'restrictions are seen at the address with the key in it alone',
    }),
  },
  'derived-keys': {
    algolia: at(
      'algolia',
      'a secured key is derived offline, ends by its time, and dies with its parent',
      { not: 'a pasted key is sent as it is, however it was made' },
    ),
  },
  'counted-by-address': {
    algolia: at('algolia', 'queries are counted by address and hour', {
      not: 'the service makes no query',
    }),
  },
  'limit-as-403': {
    github: at(
      'github-api',
      'a secondary rate limit is a 403 that names a pause',
      'providers:github-oauth',
    ),
  },
  'limit-without-pause': {
    bitbucket: at('bitbucket', 'a rate limit may name no pause', 'health:never-revokes'),
  },
  'limit-as-pause': {
    'azure-devops': at(
      'azure-devops',
      'a rate limit of Azure DevOps names a pause',
      'health:never-revokes',
    ),
  },
  'limit-in-seconds': {
    buildkite: at(
      'buildkite',
      'there are two limits, of which the reset is in seconds that remain',
      { not: 'of a limit the service reads Retry-After alone' },
    ),
  },
}

function at(dialect: string, name: string, held: Cell['held']): Cell {
  return of(`dialects/${dialect}`, name, held)
}

function of(file: string, name: string, held: Cell['held']): Cell {
  return { shown: [`${file}.test.ts`, name], held }
}
