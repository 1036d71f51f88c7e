import { relative } from 'node:path'
import { people } from '../people.ts'
import type { Plan, ProviderName } from './plan.ts'

/** What the terminal shows when everything runs. The key itself is never printed, only where it lies. */
export function banner(plan: Plan, seconds: number): string {
  const folder = relative(plan.root, plan.data) || plan.data
  return `
  Keywell is running (${seconds.toFixed(1)} s). Ctrl-C stops everything.

    ${plan.demoUrl}    Acme, a product that embeds Keywell: begin here
    ${plan.sandbox.url}    a stand-in for GitLab, where Acme's users consent
    ${plan.keywellUrl}    the Keywell service
    ${plan.selfManaged.url}    another one, self-managed: type this address in Acme
${others(plan)}

    Data, keys and logs are in ${folder}/ (delete it to start over).

  Connect GitLab in Acme as ${mira.name}. Then use the connection from any backend; paste this:

${snippet(plan, folder)}
`
}

const titles: Readonly<Record<ProviderName, string>> = {
  github: 'GitHub',
  bitbucket: 'Bitbucket',
  'azure-devops': 'Azure DevOps',
  buildkite: 'Buildkite, where they approve a code',
  algolia: 'Algolia, where they copy a key',
}

function others({ standIns }: Plan): string {
  return Object.entries(titles)
    .map(([name, title]) => `    ${standIns[name as ProviderName]}    a stand-in for ${title}`) // a key of a record has its type
    .join('\n')
}

const [mira] = people as [(typeof people)[number]] // the list is a constant, and not empty

function snippet({ keywellUrl, sandbox }: Plan, folder: string): string {
  return `KEYWELL_URL=${keywellUrl} KEYWELL_API_KEY=$(cat ${folder}/api-key) npx tsx --conditions=@keywell/source --input-type=module -e "
import { Keywell } from '@keywell/sdk'
const keywell = new Keywell()
const { credential, host } = await keywell.getCredential({
  provider: 'gitlab', host: '${sandbox.url}', tenantId: '${mira.tenant.id}', userId: '${mira.id}',
})
const headers = { Authorization: 'Bearer ' + credential }
const projects = await (await fetch(host + '/api/v4/projects', { headers })).json()
console.table(projects.map(({ id, name, visibility }) => ({ id, name, visibility })))
keywell.close()
"`
}
