import { expect } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { answersAskedAgain } from './scenarios/answers-asked-again.ts'
import { killPoints } from './scenarios/kill-points.ts'
import { lostAnswers } from './scenarios/lost-answers.ts'
import { randomKills } from './scenarios/random-kills.ts'

// Short forms of what `npm run faults` does for longer; `title` says what must hold.

const timeout = 120_000

verifies(
  'kill:points',
  async () => {
    const { figures, violations } = await killPoints.run(killPoints.short)
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ kills: 48, lost: 18, named: 18, falseDeaths: 0, overlaps: 0 })
  },
  { timeout },
)

verifies(
  'kill:random',
  async () => {
    const { figures, violations } = await randomKills.run(randomKills.short)
    expect(violations).toEqual([])
    expect(figures.kills).toBeGreaterThan(4)
    expect(figures.named).toBe(figures.lost)
  },
  { timeout },
)

verifies(
  'kill:lost-answers',
  async () => {
    const { figures, violations } = await lostAnswers.run(lostAnswers.short)
    expect(violations).toEqual([])
    expect(figures.lost).toBeGreaterThanOrEqual(10)
    expect(figures.named).toBe(figures.lost)
  },
  { timeout },
)

verifies(
  'rotation:until-used',
  async () => {
    const { figures, violations } = await answersAskedAgain.run({
      ...answersAskedAgain.short,
      rotations: ['none', 'until_used'],
    })
    expect(violations).toEqual([])
    expect(figures.droppedAnswers).toBeGreaterThan(2)
  },
  { timeout },
)

verifies(
  'rotation:grace-family',
  async () => {
    const { figures, violations } = await answersAskedAgain.run({
      ...answersAskedAgain.short,
      rotations: ['grace', 'grace_then_family'],
    })
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ leftAlone: 8, sentTooLate: 0, familiesEnded: 0 })
  },
  { timeout },
)
