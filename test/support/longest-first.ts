import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take long although they are not large: they drive processes, or wait for what is away. */
const long = /\/test\/(bench|faults|packaging)\/|processes\.test|(start|pglite)\.test/

/** Projects in the order of their turns; files that share a process follow each other. */
const turns = ['node', 'e2e', 'parts', 'dom', 'react 18', 'shared']

/** Those that take long come first, so that the last minute of a run is not one worker's alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    const rank = ({ moduleId, project }: TestSpecification) =>
      2 * turns.indexOf(project.name) + (long.test(moduleId) ? 0 : 1)
    return usual.sort((one, other) => rank(one) - rank(other))
  }
}
