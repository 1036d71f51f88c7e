import { expect, test } from 'vitest'
import { coreDumpWarning, forgetSecretVariables, hardenProcess } from './process-hardening.ts'

const make = (execArgv: string[] = [], env: Record<string, string> = {}) => {
  const signals: string[] = []
  const report = {
    reportOnFatalError: true,
    reportOnSignal: true,
    reportOnUncaughtException: true,
  }
  return { signals, report, env, execArgv, on: (signal: string) => void signals.push(signal) }
}

test('reports are off, and the signal for the inspector is taken', () => {
  const own = make()
  expect(hardenProcess(own)).toEqual([])
  expect(own.report).toEqual({
    reportOnFatalError: false,
    reportOnSignal: false,
    reportOnUncaughtException: false,
  })
  expect(own.signals).toEqual(['SIGUSR1'])
})

test.each([
  '--inspect',
  '--inspect-brk=0.0.0.0:9229',
  '--heapsnapshot-signal=SIGUSR2',
  '--heapsnapshot-near-heap-limit=1',
  '--heap-prof',
  '--abort-on-uncaught-exception',
  '--report-on-fatalerror',
  '--report-uncaught-exception',
])('%s is named, wherever it stands', (option) => {
  expect(hardenProcess(make([option]))).toEqual([expect.stringContaining(option)])
  const NODE_OPTIONS = `--max-old-space-size=512 ${option}`
  expect(hardenProcess(make(['--import', 'tsx'], { NODE_OPTIONS }))).toHaveLength(1)
})

test('what was read is taken out of the environment', () => {
  const own = make([], {
    KEYWELL_KEY: 'k',
    DATABASE_URL: 'd',
    KEYWELL_EGRESS_PROXY: 'p',
    PORT: '1',
  })
  forgetSecretVariables(own)
  expect(own.env).toEqual({ PORT: '1' })
})

test('a core dump is warned of where the limit allows one', () => {
  const limits = (soft: string) =>
    `Max cpu time  unlimited\nMax core file size        ${soft}   unlimited   bytes`
  expect(coreDumpWarning(() => limits('0'))).toBeUndefined()
  expect(coreDumpWarning(() => limits('unlimited'))).toContain('ulimit -c 0')
  const nowhere = () => {
    throw new Error('ENOENT')
  }
  expect(coreDumpWarning(nowhere)).toBeUndefined()
})
