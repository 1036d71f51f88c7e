/** Titles that are not the name with a capital letter: what a page says until the service has sent them. */
export const titles: Readonly<Record<string, string>> = {
  'azure-devops': 'Azure DevOps',
  bitbucket: 'Bitbucket Cloud',
  github: 'GitHub',
  gitlab: 'GitLab',
}
