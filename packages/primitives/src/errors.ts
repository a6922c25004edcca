// The three kinds of error of the whole project: an assertion (our bug: stop), a coded error (bad input or a failed
// operation that a person or a program must tell apart), and an I/O error, which is a coded error with a cause.

/** A bug of ours. The process must stop; never catch it to continue. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/**
 * Bad input, or an operation that failed. `code` is stable and machine-readable (`area/what`), `message` says what was
 * wrong, with the value, and what to do. `data` holds what programs may want to read, JSON-serialisable.
 */
export class CodedError extends Error {
  override readonly name = 'CodedError'
  readonly code: string
  readonly data: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.data = options.data
  }
}

/** A code, and a message with the value and what to do: enough for logs, wires and pages. */
export interface Reason {
  readonly code: string
  readonly message: string
}

/** The error as a Reason. An assertion is rethrown: it is a bug, not bad input. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof AssertionError) throw error
  if (error instanceof CodedError) return { code: error.code, message: error.message }
  return { code: 'internal/unexpected', message: error instanceof Error ? error.message : String(error) }
}
