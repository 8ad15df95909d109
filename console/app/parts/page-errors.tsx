import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';

type Props = { readonly children: ReactNode };
type State = { readonly error: unknown };

/** Shows a page that failed as such, and leaves the frame around it. Each page has its own. */
export class PageErrors extends Component<Props, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    // After an upgrade of the gateway, the files of the older console are gone.
    const isReplaced =
      error instanceof TypeError && /dynamically imported module|module script/i.test(error.message);
    return (
      <div className="page" role="alert">
        <h1>{isReplaced ? 'The gateway has a newer console' : 'This page has failed'}</h1>
        <p>
          {isReplaced
            ? 'It was upgraded while this page was open.'
            : `This is a defect of the console: ${error instanceof Error ? error.message : String(error)}`}
        </p>
        <div>
          <Button kind="primary" onClick={() => location.reload()}>
            Reload
          </Button>
        </div>
      </div>
    );
  }
}
