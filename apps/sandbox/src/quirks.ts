/**
 * What each provider does otherwise than the standards say, or than others do, as its pages have it: nothing here is
 * read from a definition. Each is shown by a stand-in; which of its tests does is in `test/quirks.ts`.
 */
export interface Quirk {
  readonly says: string
  /** Where it was read; null: it was seen by others, and no page says it. */
  readonly source: string | null
}

const gitHubOAuth =
  'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps'
const gitHubErrors =
  'https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors'
const gitHubTokens =
  'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens'
const bitbucketOAuth = 'https://developer.atlassian.com/cloud/bitbucket/oauth-2'
const bitbucketIn2026 = 'https://github.com/git-ecosystem/git-credential-manager/pull/2433'
const entraOAuth =
  'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow'
const entraErrors =
  'https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes'
const entraTokens = 'https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens'
const algoliaKeys = 'https://www.algolia.com/doc/rest-api/search'

const is = (source: string | null, says: string): Quirk => ({ says, source })

/** By provider, and by a name that providers share which do the same. */
export const quirks: Readonly<Record<string, Readonly<Record<string, Quirk>>>> = {
  gitlab: {
    'dead-is-another-status': is(
      'https://docs.gitlab.com/api/oauth2/',
      'A dead token is 400 invalid_request where tokens are looked at, and not 401.',
    ),
    'alive-but-refused': is(
      null,
      'The API refuses a right with an error that a dead token has too.',
    ),
    'hint-hides-token': is(null, 'A wrong token_type_hint hides the token from a withdrawal.'),
    'used-token-is-dead': is(
      'https://docs.gitlab.com/api/oauth2/',
      'A refresh ends both old tokens at once.',
    ),
  },
  github: {
    'refusal-in-200': is(gitHubErrors, 'The token endpoint refuses with status 200.'),
    'form-unless-asked': is(gitHubOAuth, 'The answer is a form, unless Accept asks for JSON.'),
    'scopes-with-commas': is(
      gitHubOAuth,
      'Scopes are asked for with blanks, and granted with commas.',
    ),
    'no-end': is(gitHubOAuth, 'An access token has no end, and no refresh token.'),
    'used-token-is-dead': is(
      gitHubTokens,
      'A refresh token of a GitHub App is dead once it was used.',
    ),
    'consent-skipped': is(gitHubOAuth, 'Who granted the scopes before is not asked again.'),
    'another-account': is(gitHubOAuth, 'The account that is signed in may be another than before.'),
    'alive-but-refused': is(
      'https://docs.github.com/en/organizations/managing-oauth-access-to-your-organizations-data/about-oauth-app-access-restrictions',
      'An organisation refuses a living token with 403.',
    ),
    'limit-as-403': is(
      'https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits',
      'A rate limit is answered with 403 and a pause.',
    ),
    'ten-tokens': is(gitHubOAuth, 'Of eleven tokens of a user, an app and scopes the oldest dies.'),
    'own-withdrawal': is(
      'https://docs.github.com/en/rest/apps/oauth-applications',
      'A token is withdrawn at the API, with the credentials of its app.',
    ),
  },
  bitbucket: {
    'scopes-by-another-name': is(bitbucketIn2026, 'Granted scopes are in `scopes`, until 2026.'),
    'scopes-of-the-app': is(
      bitbucketOAuth,
      'The scopes of the consumer are granted, whatever was asked for.',
    ),
    'used-token-lives-on': is(bitbucketIn2026, 'A used refresh token works for ten minutes more.'),
    'long-tokens': is(bitbucketIn2026, 'Tokens are longer than 2,500 characters.'),
    'dead-grant-by-another-word': is(
      'https://github.com/readthedocs/readthedocs.org/issues/2992',
      'A dead refresh token is invalid_request.',
    ),
    'mistake-as-dead-grant': is(
      'https://bitbucket.org/site/master/issues/16249',
      'An unknown grant type is invalid_grant, as a dead grant would be.',
    ),
    'client-by-basic': is(bitbucketOAuth, 'A client is named by HTTP Basic.'),
    'key-with-a-name': is(
      'https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/',
      'An API token works with the address of its account, by HTTP Basic.',
    ),
    'alive-but-refused': is(
      'https://developer.atlassian.com/cloud/bitbucket/rest/intro/',
      'A scope too few is 403, which names what the token has.',
    ),
    'limit-without-pause': is(null, 'A rate limit may name no pause.'),
  },
  'azure-devops': {
    'page-as-refusal': is(
      null,
      'A bad credential is answered with a page to sign in, at a 2xx or 3xx.',
    ),
    'error-by-number': is(entraErrors, 'The number of an error says more than its word.'),
    'sign-in-again': is(
      entraErrors,
      'A policy that changes is told by a refresh: a new sign-in is needed.',
    ),
    'one-resource': is(
      entraOAuth,
      'A token is for one resource, which scopes name in their long form.',
    ),
    'scopes-at-refresh': is(entraOAuth, 'A refresh names scopes, which pick the resource.'),
    'used-token-lives-on': is(entraTokens, 'A used refresh token stays good.'),
    'refresh-token-on-demand': is(
      'https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc',
      'Without offline_access there is no refresh token.',
    ),
    'secret-ends': is(entraErrors, 'A client secret has an end, and everything ends with it.'),
    'limit-as-pause': is(
      'https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits',
      'A rate limit names a pause.',
    ),
  },
  buildkite: {
    'looks-at-itself': is(
      'https://buildkite.com/docs/apis/rest-api/access-token',
      'A token sees itself and its scopes without any scope.',
    ),
    'alive-but-refused': is(
      'https://buildkite.com/docs/apis/rest-api#authentication',
      'A scope too few is 403, which names it.',
    ),
    'ended-unannounced': is(
      'https://buildkite.com/docs/platform/security/tokens',
      'A token that was found in public is ended, and no one is told.',
    ),
    'limit-in-seconds': is(
      'https://buildkite.com/docs/apis/rest-api/rate-limits',
      'Of two limits, each reset is in seconds that remain.',
    ),
  },
  algolia: {
    'host-by-label': is(
      algoliaKeys,
      'Each application has a host, and a key is nothing at another.',
    ),
    'dead-is-another-status': is(
      'https://github.com/algolia/docsearch-configs/issues/3008',
      'A dead key is 403, and not 401.',
    ),
    'alive-but-refused': is(
      'https://github.com/algolia/docsearch/issues/1261',
      'A right too few is 403 too, with another text.',
    ),
    'secret-in-address': is(
      'https://www.algolia.com/doc/rest-api/search/get-api-key',
      'A key looks at itself at an address in which it stands.',
    ),
    'restricted-key': is(
      'https://www.algolia.com/doc/guides/security/api-keys/in-depth/api-key-restrictions',
      'A good key may fail from another address or page.',
    ),
    'counted-by-address': is(
      algoliaKeys,
      'Queries are counted by address, which a backend shares.',
    ),
    'derived-keys': is(
      'https://www.algolia.com/doc/guides/security/api-keys/how-to/user-restricted-access-to-data',
      'A secured key is derived offline, and dies with its parent.',
    ),
  },
}
