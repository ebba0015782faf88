/**
 * SHA-256 of some bytes, in hexadecimal.
 *
 * @internal
 */
export const sha256 = async (bytes: Uint8Array): Promise<string> => {
  // Who calls this made the bytes, in memory that nobody shares.
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
