import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take long although they are not large: they drive processes, or wait for what is away. */
const long = /\/test\/(bench|faults|e2e|packaging)\/|processes\.test|(start|pglite)\.test/

/** Those that take long come first, so that the last minute of a run is not one worker's alone; those that share a process come last. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    const rank = ({ moduleId, project }: TestSpecification) => {
      if (!project.config.isolate) return 2
      return long.test(moduleId) ? 0 : 1
    }
    return usual.sort((one, other) => rank(one) - rank(other))
  }
}
