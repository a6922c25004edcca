// Addresses of the network, for pages that no devnet serves: a person types them, the page checks them, and this
// browser stores them.
import { reasonOf } from '@tan/primitives'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Facts, Panel } from '../ui/parts.tsx'
import {
  ADDRESS_FIELDS,
  type AddressField,
  type Settings,
  type SettingsResult,
  saveSettings,
  validateSettings,
} from './settings.ts'

const LABELS: Readonly<
  Record<AddressField, { readonly label: string; readonly note: string; readonly example: string }>
> = {
  wsUrl: {
    label: 'Node, WebSocket',
    note: 'Required. This page reads the chain from it.',
    example: 'ws://127.0.0.1:8545',
  },
  rpcUrl: { label: 'Node, HTTP', note: "For the player's payments.", example: 'http://127.0.0.1:8545' },
  trackerUrl: { label: 'Tracker', note: 'Introduces peers to the player.', example: 'ws://127.0.0.1:9000' },
  trackerStatsUrl: {
    label: "Tracker's figures",
    note: 'For the map of the network.',
    example: 'http://127.0.0.1:9000/stats',
  },
  originStatsUrl: {
    label: "Origin's figures",
    note: 'For the publisher: bytes that the origin sent.',
    example: 'http://127.0.0.1:9100/stats',
  },
  faucetUrl: { label: 'Faucet', note: 'Of a test network: gives out coins.', example: 'http://127.0.0.1:9200/' },
}

export function SettingsPage({ result }: { result: SettingsResult }): ReactNode {
  const known = result.kind === 'ready' ? result.settings : undefined
  if (result.kind === 'ready' && result.from === 'devnet') return <DevnetSettings settings={result.settings} />
  return (
    <div className="stack" style={{ maxWidth: 720 }}>
      <div className="page-head">
        <h1 tabIndex={-1}>{known === undefined ? 'Which network?' : 'Settings'}</h1>
        <p className="lede">
          {known === undefined
            ? 'No network serves this page, so enter its addresses. On your own machine, one command starts a whole network and serves this page fully configured.'
            : 'The addresses of the network, stored only in this browser.'}
        </p>
      </div>
      {result.kind === 'wrong' && (
        <p className="notice is-bad" role="alert">
          The settings {result.from === 'saved' ? 'saved here' : `from the ${result.from}`} do not work:{' '}
          {result.rejection.message}
        </p>
      )}
      <Panel>
        <SettingsForm known={known} />
      </Panel>
    </div>
  )
}

function DevnetSettings({ settings }: { settings: Settings }): ReactNode {
  return (
    <div className="stack" style={{ maxWidth: 720 }}>
      <div className="page-head">
        <h1 tabIndex={-1}>Settings</h1>
        <p className="lede">A devnet serves this page and provides all addresses. You need not configure anything.</p>
      </div>
      <Panel>
        <Facts rows={Object.fromEntries(ADDRESS_FIELDS.map(field => [LABELS[field].label, settings[field]]))} />
      </Panel>
    </div>
  )
}

type Fields = Partial<Record<AddressField | 'manifestUrl', string>>

function SettingsForm({ known }: { known: Settings | undefined }): ReactNode {
  const [fields, setFields] = useState<Fields>(() => ({
    ...Object.fromEntries(ADDRESS_FIELDS.map(field => [field, known?.[field] ?? ''])),
    manifestUrl: known?.video?.manifestUrl ?? '',
  }))
  const [problem, setProblem] = useState('')

  const save = (event: FormEvent): void => {
    event.preventDefault()
    const given: Record<string, unknown> = { ...known }
    for (const field of ADDRESS_FIELDS) given[field] = fields[field]?.trim() || undefined
    const manifestUrl = fields.manifestUrl?.trim()
    given.video = manifestUrl ? { title: known?.video?.title ?? 'Video', manifestUrl } : undefined
    try {
      saveSettings(validateSettings(given), localStorage)
    } catch (error) {
      setProblem(reasonOf(error).message)
      return
    }
    // Reload, so that nothing of another network lingers.
    location.href = location.pathname
  }

  return (
    <form className="stack" onSubmit={save} noValidate>
      {ADDRESS_FIELDS.map(field => (
        <AddressInput
          key={field}
          id={field}
          {...LABELS[field]}
          value={fields[field] ?? ''}
          isWrong={problem.includes(`.${field}`)}
          onChange={value => setFields(before => ({ ...before, [field]: value }))}
        />
      ))}
      <AddressInput
        id="manifestUrl"
        label="Video"
        note="The manifest of the video on the Watch page."
        example="https://example.org/video/master.m3u8.tan.json"
        value={fields.manifestUrl ?? ''}
        isWrong={problem.includes('manifestUrl')}
        onChange={value => setFields(before => ({ ...before, manifestUrl: value }))}
      />
      {problem !== '' && (
        <p className="notice is-bad" role="alert">
          {problem}
        </p>
      )}
      <div className="row">
        <button type="submit" className="button is-primary">
          Save and connect
        </button>
      </div>
    </form>
  )
}

function AddressInput({
  id,
  label,
  note,
  example,
  value,
  isWrong,
  onChange,
}: {
  id: string
  label: string
  note: string
  example: string
  value: string
  isWrong: boolean
  onChange: (value: string) => void
}): ReactNode {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="url"
        inputMode="url"
        spellCheck={false}
        autoComplete="off"
        placeholder={example}
        value={value}
        aria-invalid={isWrong}
        aria-describedby={`${id}-note`}
        onChange={event => onChange(event.target.value)}
      />
      <p id={`${id}-note`} className="field-note">
        {note}
      </p>
    </div>
  )
}
