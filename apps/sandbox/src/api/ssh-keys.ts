/** Whether a text is a public key as SSH writes it: `ssh-ed25519 AAAA… a comment`. */
export function isPublicKey(text: string): boolean {
  const [type = ''] = text.split(' ')
  const body = Buffer.from(keyBody(text), 'base64')
  // The bytes begin with the length of the type, and the type.
  return type !== '' && body.subarray(4, 4 + type.length).toString('latin1') === type
}

/** What makes two keys the same one, whatever their comments. */
export function keyBody(text: string): string {
  return text.split(' ')[1] ?? ''
}
