/** Gives a warning of the process, where nobody asked to be told. @internal */
export const processWarning = (text: string): void => {
  process.emitWarning(text, 'TransferkitWarning')
}
