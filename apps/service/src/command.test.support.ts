import type { KeywellService } from '@keywell/server'
import { runCommand, type Workplace } from './commands.ts'

/** What a command line comes to, where the service is what the test says. */
export async function runWith(
  keywell: Partial<KeywellService>,
  words: readonly string[],
  discover: Workplace['discover'] = () => Promise.reject(new Error('not expected')),
): Promise<{ code: number; output: string; errors: string; progress: string; started: boolean[] }> {
  const said = { output: '', errors: '', progress: '' }
  const started: boolean[] = []
  const to = (where: keyof typeof said) => ({ write: (text: string) => (said[where] += text) })
  const code = await runCommand(words, {
    out: to('output'),
    err: to('errors'),
    progress: to('progress'),
    withService(act, { start } = { start: true }) {
      started.push(start)
      // A command that asks for more than the test gives it fails there.
      return act(keywell as KeywellService)
    },
    migrate: async () => 0,
    discover,
  })
  return { code, ...said, started }
}
