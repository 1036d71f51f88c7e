import { DatabaseUnavailable } from './database.ts'

/** Waits for an answer for at most `limitMs`; a late one is ignored, whatever it is. */
export async function inTime<Result>(limitMs: number, answer: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DatabaseUnavailable(`The database gave no answer in ${limitMs} ms.`))
    }, limitMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
