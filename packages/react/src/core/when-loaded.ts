import type { ConnectError } from './error.ts'

/** Calls `use` at once where the code is there, since a browser blocks a popup that comes after an `await`. */
export function whenLoaded<Code>(
  load: () => Promise<Code>,
): (use: (loaded: Code) => unknown, onFailure?: (error: ConnectError) => void) => void {
  let code: Code | undefined
  return (use, onFailure = () => undefined) => {
    if (code) use(code)
    else
      load().then((loaded) => {
        code = loaded
        use(loaded)
      }, onFailure)
  }
}
