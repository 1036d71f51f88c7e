/** What a page names and the code has not, the reverse, and what is named twice. */
export function listFaults(named: readonly string[], real: readonly string[]): string[] {
  return [
    ...named.filter((name) => !real.includes(name)).map((name) => `${name} is not in the code`),
    ...named.filter((name, at) => named.indexOf(name) < at).map((name) => `${name} is there twice`),
    ...real.filter((name) => !named.includes(name)).map((name) => `${name} is missing`),
  ]
}

/** The lines below a heading of the second rank, up to the next one. */
export function sectionOf(markdown: string, heading: string): string {
  const [, rest] = `\n${markdown}`.split(`\n## ${heading}\n`)
  if (rest === undefined) throw new TypeError(`There is no section "${heading}".`)
  return rest.split('\n## ')[0] ?? ''
}

/** Rows of the tables, as cells, without the lines below the heads. */
export function tableRows(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) => line.split('|').slice(1, -1))
}

/** Code spans of a text. */
export function spansIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
}
