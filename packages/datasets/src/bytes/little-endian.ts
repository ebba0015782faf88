/** Reverses the bytes of each element in place, to turn big-endian numbers into little-endian ones or back. */
export const swapByteOrder = (bytes: Uint8Array, bytesPerElement: number): void => {
  for (let start = 0; start + bytesPerElement <= bytes.length; start += bytesPerElement) bytes.subarray(start, start + bytesPerElement).reverse()
}
