const polynomial = 0x82f63b78

const remainders = (): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1
    return remainder
  })

/** A function that computes CRC-32C, the checksum of Castagnoli that record files use. @internal */
export const crc32c = (): ((bytes: Uint8Array) => number) => {
  const table = remainders()
  return (bytes) => {
    let checksum = 0xffffffff
    for (const byte of bytes) checksum = (table[(checksum ^ byte) & 0xff] ?? 0) ^ (checksum >>> 8)
    return (checksum ^ 0xffffffff) >>> 0
  }
}
