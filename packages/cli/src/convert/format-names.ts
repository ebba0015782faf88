/** What a network can be written as. @internal */
export const outputFormats = ['transferkit', 'pytorch', 'tfjs'] as const

/** What a network can be read from. @internal */
export const inputFormats = [...outputFormats, 'artefact'] as const

/** A format that is written. @internal */
export type OutputFormat = (typeof outputFormats)[number]

/** A format that is read. @internal */
export type InputFormat = (typeof inputFormats)[number]
