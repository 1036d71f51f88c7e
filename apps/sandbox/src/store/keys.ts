/** A public key with which its user signs in to Git. */
export interface SshKey {
  id: number
  userId: number
  title: string
  key: string
  usageType: string
  createdAt: number
  expiresAt: number | null
}
