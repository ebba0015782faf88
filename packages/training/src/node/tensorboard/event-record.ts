import { crc32c } from './crc32c.js'

/** One number of one step, as TensorBoard shows it. */
export interface ScalarEvent {
  /** Name of the curve, such as `train/loss`. */
  readonly tag: string
  /** Number of the step. */
  readonly step: number
  /** The number. */
  readonly value: number
  /** When it was written, in seconds since 1970. */
  readonly wallTime: number
}

const varint = (value: number): readonly number[] => {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}

const wire = { varint: 0, bits64: 1, bytes: 2, bits32: 5 } as const

const field = (number: number, type: number, content: readonly number[] | Uint8Array): readonly number[] => [...varint((number << 3) | type), ...content]

const nested = (number: number, content: readonly number[] | Uint8Array): readonly number[] => field(number, wire.bytes, [...varint(content.length), ...content])

const text = (number: number, value: string): readonly number[] => nested(number, new TextEncoder().encode(value))

const double = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return bytes
}

const float = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return bytes
}

/** `Event { wall_time = 1, step = 2, file_version = 3, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }` of tensorboard/compat/proto. */
const eventMessage = (wallTime: number, rest: readonly number[]): Uint8Array => Uint8Array.from([...field(1, wire.bits64, double(wallTime)), ...rest])

/** Writes messages as records: length, masked checksum of the length, message, masked checksum of the message. */
const recordWriter = (): ((message: Uint8Array) => Uint8Array) => {
  const checksum = crc32c()
  const masked = (bytes: Uint8Array): number => {
    const value = checksum(bytes)
    return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0
  }
  return (message) => {
    const record = new Uint8Array(16 + message.length)
    const view = new DataView(record.buffer)
    view.setBigUint64(0, BigInt(message.length), true)
    view.setUint32(8, masked(record.subarray(0, 8)), true)
    record.set(message, 12)
    view.setUint32(12 + message.length, masked(message), true)
    return record
  }
}

/** Turns events into the bytes of a TensorBoard event file. @internal */
export interface EventEncoder {
  /** The record that every event file begins with. */
  header(wallTime: number): Uint8Array
  /** The record of one number. */
  scalar(event: ScalarEvent): Uint8Array
}

/** An encoder of event files. @internal */
export const eventEncoder = (): EventEncoder => {
  const record = recordWriter()
  return {
    header: (wallTime) => record(eventMessage(wallTime, text(3, 'brain.Event:2'))),
    scalar: ({ tag, step, value, wallTime }) => {
      const summaryValue = [...text(1, tag), ...field(2, wire.bits32, float(value))]
      return record(eventMessage(wallTime, [...field(2, wire.varint, varint(step)), ...nested(5, nested(1, summaryValue))]))
    },
  }
}
