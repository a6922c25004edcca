// Fields and submission of forms that send a call.
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { messageOf } from '../ui/parts.tsx'
import type { Call, SigningAccount } from './account.ts'
import { addSent } from './sent.ts'

export function TextField({
  label,
  value,
  onChange,
  note,
  placeholder = '',
  isNumber = false,
}: {
  label: string
  value: string
  onChange: (value: string) => void
  note?: ReactNode
  placeholder?: string
  isNumber?: boolean
}): ReactNode {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode={isNumber ? 'decimal' : 'text'}
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        value={value}
        aria-describedby={`${id}-note`}
        onChange={event => onChange(event.target.value)}
      />
      <p id={`${id}-note`} className="field-note">
        {note}
      </p>
    </div>
  )
}

export function Choice<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string
  options: readonly { readonly value: T; readonly name: string }[]
  value: T
  onChange: (value: T) => void
}): ReactNode {
  const name = useId()
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      {options.map(option => (
        <label key={option.value} className={option.value === value ? 'is-chosen' : ''}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          {option.name}
        </label>
      ))}
    </fieldset>
  )
}

/** Reads the fields (`read` may throw a message for the person), sends the call, and follows it. */
export function CallForm({
  account,
  action,
  isReady = true,
  read,
  children,
  onSent,
}: {
  account: SigningAccount
  /** label of the button */
  action: string
  /** whether `read` has all that it needs */
  isReady?: boolean
  read: () => { readonly call: Call; readonly what: string }
  children?: ReactNode
  onSent?: () => void
}): ReactNode {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setProblem('')
    setBusy(true)
    try {
      const { call, what } = read()
      addSent(await account.send(call), what)
      onSent?.()
    } catch (error) {
      setProblem(shortMessageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="stack" style={{ gap: 12 }} onSubmit={submit} noValidate>
      {children}
      {problem !== '' && (
        <p className="notice is-bad small" role="alert">
          {problem}
        </p>
      )}
      <div className="row">
        <button type="submit" className="button is-primary" disabled={isBusy || !isReady}>
          {isBusy ? 'Sending' : action}
        </button>
      </div>
    </form>
  )
}

/** viem's errors carry a page of detail; people need the first sentence and the node's own message. */
export function shortMessageOf(error: unknown): string {
  const { shortMessage, details } = error as { shortMessage?: unknown; details?: unknown }
  if (typeof shortMessage !== 'string') return messageOf(error)
  return typeof details === 'string' && !shortMessage.includes(details) ? `${shortMessage} ${details}` : shortMessage
}
