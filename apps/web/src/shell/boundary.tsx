// Keeps a bug of one page from taking the others with it, and says what to do.
import { Component, type ReactNode } from 'react'
import { Failed } from '../ui/parts.tsx'

export class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {}

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children
    return (
      <div className="stack">
        <h1 tabIndex={-1}>This page stopped</h1>
        <Failed title="Something in it did not work" error={this.state.error} retry={() => location.reload()} />
      </div>
    )
  }
}
