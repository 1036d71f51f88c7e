/** One promise of the product. Every promise here is proved by at least one test that cites its id. */
export interface Requirement {
  /** What holds, in one sentence that a test can contradict. */
  readonly behaviour: string
  /** Who asks for it: a threat by its number, a rule of refresh, a clause of a specification. */
  readonly source: string
}

/** Cited by `verifies(id, …)`; `coverage.test.ts` fails while one of them has no test. */
export const requirements = {
  'browser:real': {
    behaviour: 'Browser tests run in a browser that keeps origins apart and never leaves the machine.',
    source: 'Testing: attacks are tried where the defence is on',
  },
} satisfies Record<string, Requirement>

export type RequirementId = keyof typeof requirements
