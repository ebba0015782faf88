import { expect, it } from 'vitest'
import { bytesField, integerField, messageField, varint } from './protocol-buffer.js'

it('writes numbers as the format documents them', () => {
  // 150 is the example of the format's own documentation; -1 is ten bytes, as a 64-bit number in two's complement.
  expect([...varint(150)]).toEqual([0x96, 0x01])
  expect([...varint(0)]).toEqual([0])
  expect([...varint(-1)]).toEqual([...Array.from({ length: 9 }, () => 0xff), 0x01])
  expect([...integerField(1, 150)]).toEqual([0x08, 0x96, 0x01])
})

it('writes text and messages with their length', () => {
  expect([...bytesField(2, 'testing')]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
  expect([...messageField(3, integerField(1, 150))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01])
})
