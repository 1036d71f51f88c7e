/** Of CI/CD. */
export interface Variable {
  id: number
  projectId: number
  key: string
  value: string
  type: 'env_var' | 'file'
  protected: boolean
  masked: boolean
  /** Its value is never shown again. */
  hidden: boolean
  raw: boolean
  environmentScope: string
  description: string | null
}
