import type { Issue, Label, Milestone, Note } from './issues.ts'

const dayMs = 86_400_000

/** A project whose issues are made up; members are ids of users, the owner first. */
interface Seed {
  id: number
  members: readonly number[]
  issues: readonly string[]
}

interface Seeded extends Record<string, { id: number }[]> {
  issues: Issue[]
  notes: Note[]
  milestones: Milestone[]
  labels: Label[]
}

const labels = [
  { name: 'accessibility', color: '#6699CC' },
  { name: 'bug', color: '#D9534F' },
  { name: 'docs', color: '#428BCA' },
  { name: 'feature', color: '#69D100' },
  { name: 'performance', color: '#F0AD4E' },
]
const labelOrder = ['bug', 'feature', 'accessibility', 'performance', 'docs']

/** Issues of the projects, with labels, milestones and a few comments. */
export function seedIssues(projects: readonly Seed[], now: number): Seeded {
  return {
    issues: projects.flatMap((project) => issuesOf(project, now)),
    notes: projects.flatMap((project) => notesOf(project, now)),
    milestones: projects.flatMap((project) => milestonesOf(project, now)),
    labels: projects.flatMap(({ id: projectId }) =>
      labels.map((label, index) => ({
        id: projectId * 1_000 + 500 + index,
        projectId,
        ...label,
        description: null,
        priority: null,
      })),
    ),
  }
}

function issuesOf({ id: projectId, members, issues }: Seed, now: number): Issue[] {
  return issues.map((title, index) => {
    const createdAt = now - (issues.length - index) * 3 * dayMs
    const updatedAt = createdAt + dayMs
    const isClosed = index % 4 === 3
    return {
      id: projectId * 1_000 + index,
      iid: index + 1,
      projectId,
      title,
      description: '',
      state: isClosed ? 'closed' : 'opened',
      type: 'issue',
      labels: [labelOrder[index % labelOrder.length] ?? 'bug'],
      authorId: members[index % members.length] ?? 0,
      assigneeIds: index % 3 === 0 ? members.slice(0, 1) : [],
      milestoneId: index === 0 ? milestoneId(projectId, 0) : null,
      confidential: false,
      discussionLocked: false,
      dueDate: null,
      createdAt,
      updatedAt,
      closedAt: isClosed ? updatedAt : null,
      closedById: isClosed ? (members[0] ?? null) : null,
    }
  })
}

function milestonesOf({ id: projectId }: Seed, now: number): Milestone[] {
  const day = (days: number) => new Date(now + days * dayMs).toISOString().slice(0, 10)
  return [
    { title: 'Spring release', state: 'active' as const, startDate: day(-10), dueDate: day(30) },
    { title: 'Winter release', state: 'closed' as const, startDate: day(-90), dueDate: day(-11) },
  ].map((milestone, index) => ({
    id: milestoneId(projectId, index),
    iid: index + 1,
    projectId,
    description: '',
    ...milestone,
    createdAt: now - 100 * dayMs,
    updatedAt: now - 100 * dayMs,
  }))
}

/** The number that GitLab's path wants; people see 1 and 2. */
function milestoneId(projectId: number, index: number): number {
  return projectId * 1_000 + 600 + index
}

/** One comment and one line of GitLab's own on the first issue. */
function notesOf({ id: projectId, members, issues }: Seed, now: number): Note[] {
  const bodies = ['Seen again this morning.', 'changed the milestone']
  const createdAt = now - issues.length * 3 * dayMs + dayMs / 2
  return bodies.map((body, index) => ({
    id: projectId * 1_000 + 700 + index,
    noteableType: 'Issue',
    noteableId: projectId * 1_000,
    projectId,
    body,
    authorId: members[0] ?? 0,
    system: index === 1,
    internal: false,
    createdAt: createdAt + index,
    updatedAt: createdAt + index,
  }))
}
