/** To stderr: stdout belongs to the protocol. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface Out {
  write(text: string): unknown
}

export function openLog(out: Out, { quiet, json }: { quiet: boolean; json: boolean }): Log {
  const write = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    out.write(json ? lineOfJson(level, message, fields) : lineOfText(level, message, fields))
  return {
    info: (message, fields) => {
      if (!quiet) write('info', message, fields)
    },
    warn: (message, fields) => {
      write('warn', message, fields)
    },
  }
}

type Line = (level: string, message: string, fields: Readonly<Record<string, unknown>>) => string

const lineOfJson: Line = (level, msg, fields) =>
  `${JSON.stringify({ time: new Date().toISOString(), level, msg, ...fields })}\n`

const lineOfText: Line = (level, message, fields) => {
  // JSON escapes what a terminal would obey.
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  return `${level}: ${message}${pairs.join('')}\n`
}
