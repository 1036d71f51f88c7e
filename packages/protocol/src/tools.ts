import { z } from 'zod'

/** A tool, as far as a person has to know it who chooses scopes. */
export const toolSummarySchema = z.object({
  /** Such as `gitlab_issues_list`. */
  name: z.string(),
  title: z.string(),
  /** What it is about, such as `merge_requests`. */
  group: z.string(),
  /** The least scopes: a token needs each of them, or another that implies it. */
  scopes: z.array(z.string()),
  /** In their place where what the tool is about is private. Absent: the same. */
  privateScopes: z.array(z.string()).optional(),
})
export type ToolSummary = z.infer<typeof toolSummarySchema>
