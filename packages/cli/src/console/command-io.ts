/** A stream of text that a command writes to. */
export interface TextOutput {
  /**
   * Writes some text.
   *
   * @param text The text, with its line ends.
   */
  write(text: string): unknown
  /** Whether a person watches: progress bars and colours are for a terminal only. */
  readonly isTTY?: boolean
  /** Width of the terminal in characters. */
  readonly columns?: number
}

/** What a command has of the process around it; tests and other programs give their own. */
export interface CommandIo {
  /** Results: tables, and with `--json` nothing but JSON. */
  readonly stdout: TextOutput
  /** Progress, remarks and errors. */
  readonly stderr: TextOutput
  /** What is piped into the command, such as lines of text to classify; absent where a person types. */
  readonly stdin?: AsyncIterable<Uint8Array>
  /** Environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folder that relative paths start from. */
  readonly workingFolder: string
  /** Fires when the user interrupts: the command saves what it has and ends. */
  readonly signal: AbortSignal
}
