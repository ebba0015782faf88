const encoder = new TextEncoder()

/** Bytes of a message or a part of one. @internal */
export type Bytes = Uint8Array

/** Parts one after the other. @internal */
export const joined = (parts: readonly Bytes[]): Bytes => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

/** A whole number in the format's variable length; a negative one as 64 bits in two's complement. @internal */
export const varint = (value: number): Bytes => {
  const bytes: number[] = []
  for (let left = BigInt.asUintN(64, BigInt(value)); ; ) {
    const low = Number(left & 127n)
    left >>= 7n
    bytes.push(left === 0n ? low : low | 128)
    if (left === 0n) return Uint8Array.from(bytes)
  }
}

const tag = (field: number, wireType: 0 | 2 | 5): Bytes => varint(field * 8 + wireType)

/** A field with a whole number. @internal */
export const integerField = (field: number, value: number): Bytes => joined([tag(field, 0), varint(value)])

/** A field with a 32-bit floating-point number. @internal */
export const floatField = (field: number, value: number): Bytes => joined([tag(field, 5), new Uint8Array(Float32Array.of(value).buffer)])

/** A field with bytes, text, or a message. @internal */
export const bytesField = (field: number, value: Bytes | string): Bytes => {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value
  return joined([tag(field, 2), varint(bytes.length), bytes])
}

/** A field with a message of these parts. @internal */
export const messageField = (field: number, ...parts: readonly Bytes[]): Bytes => bytesField(field, joined(parts))
