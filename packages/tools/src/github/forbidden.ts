/** Refusals of GitHub that no other scope lifts: who can lift them is not the agent. */
import { oneLine, quoted } from '../execute/quote.ts'
import { fieldsOf } from '../look-answer.ts'
import type { FailedCall, RefusalRule } from '../refusal.ts'

/** Texts of a 403 that say more than the status: parts of one, in lower case. */
const texts = [
  // https://docs.github.com/en/organizations/managing-oauth-access-to-your-organizations-data/about-oauth-app-access-restrictions
  {
    part: 'oauth app access restrictions',
    reason: 'app_restricted',
    nextStep: 'Ask an owner of the organization to approve this app in its settings.',
  },
  // https://docs.github.com/en/enterprise-cloud@latest/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/managing-allowed-ip-addresses-for-your-organization
  {
    part: 'ip allow list',
    reason: 'ip_address',
    nextStep: 'Ask an owner of the organization to allow the IP address of this service.',
  },
  {
    part: 'archived',
    reason: 'archived',
    nextStep: 'Ask an administrator to unarchive the repository, or use another repository.',
  },
  {
    part: 'installation has been suspended',
    reason: 'suspended',
    nextStep: 'Ask who installed the app to unsuspend it in the settings of their account.',
  },
] as const

const knownText: RefusalRule = (failed) => {
  const known = texts.find(({ part }) => failed.text.toLowerCase().includes(part))
  return failed.status !== 403 || known === undefined
    ? undefined
    : refused(failed, known.reason, known.nextStep)
}

// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#authenticating-with-saml-single-sign-on
const singleSignOn: RefusalRule = (failed) => {
  const header = failed.status === 403 ? failed.headers.get('x-github-sso') : null
  if (!header?.startsWith('required')) return undefined
  const url = signOnUrl(header)
  const where = url === undefined ? 'at the organization' : `at ${url}`
  return refused(
    failed,
    'sso',
    `Ask the user to sign in ${where} with single sign-on and to grant access, then call again.`,
  )
}

/** Of `required; url=https://github.com/orgs/acme/sso?authorization_request=…`. Only such an address is passed on. */
function signOnUrl(header: string): string | undefined {
  const [, text = ''] = header.split('url=')
  if (text.length > 1_000 || !URL.canParse(text)) return undefined
  const { protocol, username, pathname, href } = new URL(text)
  return protocol === 'https:' &&
    username === '' &&
    /^\/(?:orgs|enterprises)\/[\w.-]+\/sso$/.test(pathname)
    ? href
    : undefined
}

// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible
const permission: RefusalRule = (failed) => {
  if (failed.status !== 403 || !/^resource not accessible by /i.test(failed.text)) return undefined
  const accepted = oneLine(failed.headers.get('x-accepted-github-permissions') ?? '', 200)
  const which = accepted === '' ? 'that this tool needs' : `"${accepted}"`
  return refused(
    failed,
    'permission',
    `Ask who manages the app or token to give it the permission ${which}. Of an app, who installed it has to accept that.`,
  )
}

/** 451 by law; 403 for a breach of the terms. */
const blocked: RefusalRule = (failed) =>
  failed.status === 451 || (failed.status === 403 && fieldsOf(failed.body)?.block !== undefined)
    ? refused(failed, 'blocked', 'Use another repository: GitHub itself has closed this one.')
    : undefined

function refused(failed: FailedCall, reason: string, nextStep: string) {
  return {
    code: 'FORBIDDEN',
    message: `GitHub does not let this user do it${quoted(failed.text)}.`,
    nextStep,
    more: { reason },
  } as const
}

export const forbidden: readonly RefusalRule[] = [singleSignOn, permission, knownText, blocked]
