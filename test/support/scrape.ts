/** One value of a scrape. */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** What `/metrics` said, parsed strictly: a line that is none of the format's throws. */
export interface Scraped {
  samples: readonly Sample[]
  /** Families that have both HELP and TYPE. */
  families: ReadonlyMap<string, { help: string; type: string }>
  /** The one value with these labels and no others; undefined when there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined
}

const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/
const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y

/** Parses the text format of Prometheus, version 0.0.4. */
export function parseScrape(text: string): Scraped {
  const samples: Sample[] = []
  const said = new Map<string, { help?: string; type?: string }>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, word, family = '', rest = ''] = comment.exec(line) ?? []
    if (word !== undefined) {
      const key = word === 'HELP' ? 'help' : 'type'
      said.set(family, { ...said.get(family), [key]: rest })
      continue
    }
    const [whole, name = '', labels = '', value = ''] = sample.exec(line) ?? []
    if (whole === undefined) throw new Error(`not a line of the format: ${line}`)
    samples.push({ name, labels: parseLabels(labels), value: parseValue(value) })
  }
  const families = new Map<string, { help: string; type: string }>()
  for (const [name, { help, type }] of said) {
    if (help === undefined || type === undefined) throw new Error(`${name} is half described`)
    families.set(name, { help, type })
  }
  for (const { name } of samples) {
    const base = name.replace(/_(bucket|sum|count)$/, '')
    if (!families.has(name) && !families.has(base)) throw new Error(`${name} is not described`)
  }
  return {
    samples,
    families,
    value(name, wanted = {}) {
      const found = samples.filter((each) => each.name === name && isSame(each.labels, wanted))
      if (found.length > 1) throw new Error(`${name} is there twice`)
      return found[0]?.value
    },
  }
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  let end = 0
  for (let found = label.exec(text); found !== null; found = label.exec(text)) {
    const [, name = '', value = ''] = found
    labels[name] = value
    end = label.lastIndex
  }
  if (end !== text.length) throw new Error(`not labels: ${text}`)
  return labels
}

function parseValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === 'Nan' || text === 'NaN') return Number.NaN
  const value = Number(text)
  if (!Number.isFinite(value)) throw new Error(`not a number: ${text}`)
  return value
}

function isSame(some: Readonly<Record<string, string>>, others: Record<string, string>): boolean {
  const names = Object.keys(some)
  return (
    names.length === Object.keys(others).length &&
    names.every((name) => some[name] === others[name])
  )
}
