// Confines a failed load or a bug to one page, and says what to do.
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
        <h1 tabIndex={-1}>This page does not work</h1>
        <Failed
          title="The page could not be loaded, or it has an error"
          error={this.state.error}
          retry={() => location.reload()}
        />
      </div>
    )
  }
}
